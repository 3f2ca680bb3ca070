//! Keys of phones whose files are not rejected for another key: too few of their files were seen
//! to tell that there is no further one.

use super::keys::{ImageKey, key};

/// The keys that are tried for these platforms.
pub(super) static TRIED_KEYS: [ImageKey; 4] = [
    key(
        "7940_7960-current",
        "7940_7960",
        None,
        "f22d08f3ffbd34585f3fd7b2bbaff623b58df5720f041892aceff188c6724855acb37467d0ba5a19e413\
         81bd3f903330e435d1334eab95416f423e0981447d0c744b261f93fc5d2fb20026904b0d4c2104b8931f\
         b7e8bd9de0ac7c5e99e6b225dded7663169aeebf8cf715eefaa0204e3208c456e259f2d63e2c0d361902\
         5158230bd3e4d47e2d566470c7a845d9298a3e2473c80be59e2f334021e4075cd039b0af3c651ac46d6f\
         8f6523b6d93a3427d69f55461abe7d26151eb0c84d6aeae9e3fd200fa792be40312295aece75d6fb0308\
         abea72c2646f07488a2af4234b56e16d3c832ca332413565c5284bb5dd5b0c0aa45cdbdc51da12ba4c65\
         f57ce12f",
    ),
    key(
        "7940_7960-previous",
        "7940_7960",
        None,
        "be327edc48b12118573c95ff706794d66a360c5910e30534a85e92f2230dbf634b87a86fedb98d966b18\
         8381fe7851dab8910c771653ba1d36806262f8387454c160cb5e55c3a4b98d7f67db860a8a38d02a514a\
         09f35eb47f70248733076c13a0a90da693fc67564ee5fa3f61922b7bcad3532aedf3b690361f86a349dc\
         166acb98fc91f3f66cdb3038adcd8644fb443b02d522660acb13ce806e2a6b550c9bdd35db6398b3c204\
         b3f450ceb3b234a4c21f36f54dc74b05e1f8e81d40b259ec40eae94ad68de5a85de169697450e3dacca3\
         8a7c425efe227b2ed2185921f7d385f0b0592cbbe7e17140280dd878be0555a15a30ceab13a890fe97f4\
         0ec1a747",
    ),
    key(
        "7910",
        "7910",
        None,
        "d39eeff7edbbf3fa8d9d26faecfde230ca09a66f2d33d03581000f10b5d6ec355767242a45cb26c8f2b3\
         55ee7f03b49b143738c22138b65dafcb4e673b5bb2306220529d41efa4eacbd8e9573f8d50b937a80f4d\
         7af59c6788bc5e7d19066b8106c96e5c63bc78dc577abe32857e89d1f88636b344ed2547ee54f6923fa2\
         392caba7aaa839247c2320e3ad10b9f50c1f55823475bb762d80a360734121b43896b4d3d46db0f5c8aa\
         1215f280deddcebe5a7a769f4682ace9c5b6434051f4df7b46cd2d9901a9574dda5761231718ac227cf7\
         076a926cd49527575745d85e99baad19f36183d6e333c372b9f1dc9123290864eb44917c94d249bf2509\
         b59feb43",
    ),
    key(
        "8961",
        "8961",
        None,
        "bf044e6813ffd7fcb5cc8eac59e972f895effb31c96d9b518945f1d27951d262f70b4bb83c973247a3f0\
         ecfb5c6917304e18f4374835416e7dd6162f33226a8761f88cba91ef738720865c31651a9ed7941a285b\
         557d16127ecc9c1a77116f1864c13902a25bc7ef554b07c053cb68e849a28f4f7a3e6fdca6d507a5e7b4\
         4ec25083017b8d5cdbd8586a3060a8e5ec6f42b377ce7b437126c5966ec20d0d522772c074e58376ae96\
         795d921f4b1e1301dbd1f7b7ab3e27331bae198b91c62a12fa3eabe4c432e80a8a049bfe722c7e294cf2\
         c874faa6abfb686c8d4e31ac6db19026169be09de620a126b0fd0efc4aa6b9d854baf0040decb3433a4d\
         294ab9d7",
    ),
];

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::{super::super::hex, *};

    #[test]
    fn every_key_has_its_fingerprint() {
        let fingerprints = [
            ("7940_7960-current", "fdb7a1560e1d60cb"),
            ("7940_7960-previous", "12ebffdb659185b0"),
            ("7910", "fe01efb9f630e261"),
            ("8961", "8a0f8a817b5a9e19"),
        ];
        for (key, (name, fingerprint)) in TRIED_KEYS.iter().zip(fingerprints) {
            assert_eq!(key.name, name);
            assert!(
                hex::encode(&Sha256::digest(key.modulus)).starts_with(fingerprint),
                "{name}"
            );
        }
    }
}

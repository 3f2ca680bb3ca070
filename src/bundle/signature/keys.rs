//! Cisco's public image keys, as built into phones.
//!
//! Cisco publishes no certificates for them. The keys with a generation are in the signer
//! tables of the phones' `cnu` images (the current key first, then the previous one). The
//! others were computed from the signatures of several files of one platform; see
//! docs/formats.md. All are RSA-2048 with exponent 3.

use super::super::{hex, types::KeyGeneration};

/// A public key that Cisco signs images with.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct ImageKey {
    /// `7945_7965-primary`.
    pub(in super::super) name: &'static str,
    /// The platform: `7945_7965`, or `common` for all.
    pub(in super::super) platform: &'static str,
    /// `None` if only one key of the platform is known.
    pub(in super::super) generation: Option<KeyGeneration>,
    pub(in super::super) modulus: [u8; 256],
}

const PRIMARY: Option<KeyGeneration> = Some(KeyGeneration::Primary);
const SECONDARY: Option<KeyGeneration> = Some(KeyGeneration::Secondary);

pub(super) const fn key(
    name: &'static str,
    platform: &'static str,
    generation: Option<KeyGeneration>,
    modulus: &str,
) -> ImageKey {
    ImageKey {
        name,
        platform,
        generation,
        modulus: hex::decode(modulus),
    }
}

/// All known keys.
pub(in super::super) static IMAGE_KEYS: [ImageKey; 24] = [
    key(
        "7906_7911-primary",
        "7906_7911",
        PRIMARY,
        "af10a08ce2265c6f799349a4849c4d2b1e8f077f4752d0b3e38ec5a00ae6540d1f12b96d6443ccf19afd\
         d2ed2013f9e668b606baa5e7f0d73a81ffccdfd31aa9f4c4091966e3f554f7a5463a3c6422eca87fca98\
         c66c796031ce309c12800696762cb237f83522cdba11b45772a6fcb71e7f2397e9aa37dde858dc56d887\
         6c68f95d8d87859c29c19c9816c271d778d4beefa09b7921742a11ee0b0586013d62b28e3756ddb99e03\
         840f038370ba69ec25b21835ddc1943e74231cbfaeda491c61aa587a75aaa199d5155f5d52a99943873a\
         9ae58a7de2afc215b1ce284a78a0e658068bb0fa247c2ee0eec39005325233c0fa6363e241d607f3ecad\
         d5230367",
    ),
    key(
        "7906_7911-secondary",
        "7906_7911",
        SECONDARY,
        "c321cd396467612a4f0e210082f0dcef8b789fe0d4a1c8455247e89daaf7c8e121a494be5682af9aaded\
         a1450b76d8d46b55bc6891c73378792d6bf0d0fcd094fa9fe88bcf643f7927ecda76623ee7981f53f92e\
         89524e586e59182a3ecb4cfa1f01f1c479aa07f095c75966725205ea966351b6ccd247ebefb4a91b3224\
         b3b7c0afa32b9e80ecf83fcbec0ca6432aa2744e712ac2d40c3ca7862dac31afdcdfa5f61c5eec76b4fa\
         48914f206707925ae8227d59b0e0daab66aa96f6e4162bd764cfc8396a95be1c2cd4a11b2344166ab939\
         e81766c8232ea3253cc6dd9797aed9b095b51c54027851860ca7fe2f2b8b2ca6a372a6c37e54ad00ed97\
         213b399f",
    ),
    key(
        "7931-primary",
        "7931",
        PRIMARY,
        "bff524b016c3b73198577250012c796cb682dac50535e28f8362415fc338643358563a34f003603d5b2a\
         e04d68203c245eb4ec05783682dc6844ea1ef12b71291efcdbd2d98ac6bb763de8d485d4b43732576abc\
         758d4113735e04a12ff283bd8798f105e5f2d491c9047f743b4a3e12a9e84e4e3c3a00431ca44a70561e\
         3cfaae4faf00ce35634d462bdab49fb1d029fc8066934be424bf7e16c5725433dd01d1caad4a959625ee\
         d8304de05897297df4fac1a3d668b6398cb46d842b20f96ee577d43891ce49d71af024c4c8e5a8ff1a68\
         555a3784a786bbd3f00ee4841a4b2e2dc8e1f9e14555ec03af21ebf5afca19e71995344cac6288562949\
         3c6b8a85",
    ),
    key(
        "7931-secondary",
        "7931",
        SECONDARY,
        "ca2e63236ecc40d463e9a293f9ce7f5db30d3c3b7dd8f80866c1c72cef59057b5b99d9efb43849d2cb79\
         0e32853fad87705ff968e63dd6cfc68b38dd73157efea0022a404613f4f9d95cddb94b649bc4ef4507ec\
         f4d8804fa9c8aab5e3ca871a4216e861b1892b66931e88394042be20871d5b76d11fa8d70aaa62333110\
         1b30bd6579741e7aa7433b655a33a68034f1de57246cb81195d58f7a8c3dd867e7a1a83fab613da35f53\
         9993e677cbae738b7d7a2ec56b9e18d00e14965c5c94999f447d77d51e2a381ac8c979bb587c41617863\
         38e5b2183103ff2ca62c7a21b2a9810b9a3f60a0df0c5d5327bd6b48643a54baebd78f382647451e52b8\
         7325f8f3",
    ),
    key(
        "common-primary",
        "common",
        PRIMARY,
        "b95e5e8ba7ac31b775d9b6edd9d759ebf6fabeadba081cc26a34d300d384697cf7e25a2691546a798b93\
         c6bf3e014b2f4f49172d6362b71a19accfcff1f6057d87884ee9019fd3060462f65fcf13bd904db9c6a0\
         cf1c317050c8c8eb6d0dadbfd3da4a94dedb9f9dc4b2a0045c58be215865194e9b056a8a0960610401ae\
         c8c5496847c6b69a60144b834a3229becb1cb6136b6126263087b88fc74e11bfb59b782c486587e356d4\
         873b4ea2b231e23e218e5a573cccfec0e5cb9e4918c7f78fc545a079b75749b4ab9919c15e3d54de030a\
         cbc6dad6598e88f81d8675107a6150c6287296e95df0731306c215455fe3e8b6a09e503c14bc46c66192\
         8044cc83",
    ),
    key(
        "common-secondary",
        "common",
        SECONDARY,
        "d139de06e841ffa0e345e03b11796c18f8b875a1775dbfc6abff1bf5e26b21e9cf17b547cc223d9e7432\
         88e2158b40b01531d8fa04fcd6affab38b02f902d4f8622fbbe23db2ded16294250e8d5bbca582cf71a7\
         958180be9f0ecf5046aa616ea15a747b63536456aaaa31583abb0317b735add2684f5b5604e731c31b3e\
         62cfe5ae11b9c75baef5e244185eb5fd2726bb0bfb98badd33f71721a02a113d84ce7476a81ec878164c\
         a502da1458a1e424812699beb4b3a85a5f93dfecf59a366636a871b5aaf45f853a31ca8d2b68cc5d2ba3\
         e4aea105de0089f380d27c610e8d8974fa24a902e343a81b514d6e958309e2704d239c294fe988d84dea\
         73b95dcd",
    ),
    key(
        "7970_7971-primary",
        "7970_7971",
        PRIMARY,
        "ed7279a38570976934c823b3cdac77c2423b862f1567a065d62e13db78c7eca251508d5d1438d6305be4\
         994b49151f0ba9b4b2750bd9e745a3024d4b8999eafc5cd29b783a37749496cc0d7b2422d03567ffd8b6\
         e997b0e6023b08072f7e315acbc7556fa08bc652a03875f55965bfedc16a57ec7b788f51fd42ae768059\
         3a6ff83eeaeb608083eff81af0287d743be4d2d626affcd57d25fbbd3e95a910192a51f30d6ce42ad11e\
         4f8b00d98cfb219ee6ec316a0f839efcdff5dd88d5cda7c18a7bf2c0aff054dabd18f56e69b8c7874cd5\
         75bbf9dc3f9092bcc28202bc8110ad35e95479fe34fc431db036daf51272cc0855c74bcc07ed3f0ecc80\
         fba4b73b",
    ),
    key(
        "7970_7971-secondary",
        "7970_7971",
        SECONDARY,
        "b7c630d2d5a73ba030caab54b776849c9df5786d2670f2f300c178a801af46ef43d2be4eb10289a8e1d9\
         4bc38e91c769d757f81bc2251f0d74b0e848c36d3700d9a11f7bb6f5e02f335c62a77c30de455d09a057\
         f9047e3eb120f61c8c48ab0385b24c356489d885c97b42991fcd4cad92bd17d49f980d808a088e96281b\
         882f91e947d91187f3eae31b8e440c88dea1013163e1f48d88df9387463eb707a4197160963a3bf00dc9\
         4a86ac8b1176e1c08d2090df55913152def161c69b2c498e21767d21d3f1b11fad234b23ab7ba70811b5\
         4dff2e9bfdb0faac13250c2402afdf92953b80cc002c4aebc37ee0c16a60f81188193f798b1e1e05bc2a\
         d85885f3",
    ),
    key(
        "7941_7961-primary",
        "7941_7961",
        PRIMARY,
        "f10e9c98308331edbef971f8311a0817b780470f4791290f3d821ce45f996de365c8cdd10cea4f8ff05f\
         638cc7b8a4ed5761c59538e8a4cd1d91568e73c511b3a80cabb39ebcbc40895141b778044c10dcc1d921\
         0882ead312c709cc781e15d3de29e94d96c7b68cd1073c01668a976b5e54c5c98d1d5619d70f61045ba2\
         628950f47812fcaa289d7fc92d46f01bafc76541e8a57c2be9f10f26c263e40eba3cf8f4be0adcb1da7b\
         fb84db2a9d9ac8b1a50a29f6370a164b2d00b2ff2cd2a226712afb4d267ec7b3d6fb75e8c8a9862778ae\
         96154c2d343e24499f50456a50019a0a21567f7befbb11469f9459f65af64e7233a9518b7ef162fa446e\
         7fcaf749",
    ),
    key(
        "7941_7961-secondary",
        "7941_7961",
        SECONDARY,
        "ac1a4686ceaeb0ec2e02db353509118dd89cb31b803f80c328c9f526359ac99e84479d4777a37cf140b9\
         0d189efa6ab7b2d7b78c0ad42bb784e801b5810b60f1b45e027b7e62244dcd18f78d0ce0ad72d3aa4fe7\
         c4eab1e4bf4269151ba178750fa018648735a669ed15921d27768269506a2d5961d2f769779bcc8b8fae\
         3372ba34af6b63d2e1ae94f672164c8543048abd9d938df85dcfef879ecbe6129e265779211b0bae62fa\
         f5475042f74a61ee449aad8cba1ea46aed60c77829502040987386eeacf871e26ded22cbc4b678c21c86\
         270a7f4fd5e846b98fe2f276462b325bea69b70858dfc878f766b75c42ad19d5f40ebec79b7b7fab3bba\
         81e54235",
    ),
    key(
        "7942_7962-primary",
        "7942_7962",
        PRIMARY,
        "b88d3ec8472eddf5dd8a77b11ef95d266a9259f681e2728bdb99f75eff5438c5bf38583ab2b86cb9c891\
         12ed1bff17a78ed205def7fd68bd8fec4c85c1d16d5064c86dd23675b5190df5bfc11b392837380f9340\
         f415014ceddf72fd9abce7743a3f14f68251060c8d8943a8571e200c40ae0474aaad36708d7fce17dcea\
         8747318d77cc48fe23900c2e02313e02ea3e7b722c6e3dfbfc62e93b9f50ea9f02816df7165cd681c32c\
         ff2b9e15c053a0bf3a3cfb96932145c22d8c65064202a0a4079ee323ae2e4563116eac95ff8a443f22f5\
         a38b3ca52eb4ba731b9deffc7daf78458132df69927f0ab827201b35ec26333bf3e018a372c9377a4769\
         87e048f5",
    ),
    key(
        "7942_7962-secondary",
        "7942_7962",
        SECONDARY,
        "c7048ca24a7a372b3ce873fd480b9e937d762ece9107a3bfb7b4f7c6160c99fd9774ec1095862c7952be\
         1503ec90ab4c0ba3d4b5a1a26448a1846d09f9acc81ef1990ec34c41d794cdf90fa598cfcc49645b89aa\
         c097463aa7a3990d358df1b6c5a75f3f41c49f9b2e8e9011df38ff0c369263483eea87cb4e2c7c932259\
         731a89fd9ff980eeab03f3bed77392e75d3cd22168bddc1e9cf754242fde06286db0bc2750a8a36f49fd\
         8e8722b34cffbb47cb6ea6d11674d9c8cd3263b089e805aacdbd876f5a8818ef998ab363408861ff34e6\
         8bf17ce27858f9aa2b7798b28e2c511fc64d99b525ef7a9e6d7767e7b6e3acd2c06891350e25a0823e98\
         ed27da3b",
    ),
    key(
        "7945_7965-primary",
        "7945_7965",
        PRIMARY,
        "c98af7edc6eeb0ce89ab6c0729db3f2b0ab097cab346c3b0f97ebeb7b0e74ccc714b5cdf4a6fc54a0163\
         500465ebda12726d16205ffd4e7e7e3423a8d7e022d8f3d0701eaa96acc5e32f6440cca4793e60a14c8f\
         d03d82757d19e6a12bd0ecb835dceba67f87d2a05c568c59626593fc37da8f1e7f9ad511d8d7dc2b521d\
         122195b9f125a959b486eb6dc286bc166ba28c8510f85b5145b74af4e9cc44c5822c9c0a99644b97f92f\
         4e0cf25833aa9ad79045e2944406931e65aa5bd61c22b3f0f0fc7bd16bac23a00059a7dff65b76eaed91\
         7c49b327a5c85d432fe6c14aef259dd74527a64d964b3c3d40b32d4a562e2aa387e80012eaee5a2f3967\
         84d1b47f",
    ),
    key(
        "7945_7965-secondary",
        "7945_7965",
        SECONDARY,
        "c09cc3b47edfaa63330d1cacb536941502e172e6bce2734f456512a45aa55fa49b3ecf37501fcbc11e14\
         fd0f2a8dca57fec672ef819ae9bfef29b04a475eac70a4cff965323537bc747eaccc1016fcf722008504\
         79236237e78ff5bf358b637f8d976880f8cf21ff16f281d4c91d4f4a925a9dd86b454bb95c0934c88c9c\
         ab468de4ff9873dca1c36413469221a54966de563c44020e2ef0d11227d546f57aadacc0463fa1865924\
         7f9e397d3a0f56af922137e420bab41f3b6925667b745e07094900a21725cd0989c14cd356376f837244\
         70f73924d9a35ef5a16e9242c796bf02f5fb92dd8218d94e414b330aef3858f8b4f61902a89f1ed7d5ec\
         4ef8c8b7",
    ),
    key(
        "7975-primary",
        "7975",
        PRIMARY,
        "f6a49dc2acd690c5590594e4f9857853d2a510750c70166ac5a101f7c84c67cf54a69cdb18fa94cefaf7\
         ea478724db5147c8bbf2c01d773b404f00e62e5dc0eb7334a0214802a834ec4530c3917d9a94b3404eb2\
         5edf62331aeae5b7f68d105402e4aeca5762922c5575faea8b48c5e9e3e39790780f955ed2781183dac7\
         27b5b58080620e405e86a2349640696b4994ae735c7160e6dd9433413bc76f6e8b6ace0d809eff449c5b\
         65a56954f88c46d18a2d3d773703d58cd5094aaf22a06348c5104b292b20f6b9d405dffe719fabb2ff71\
         d9f57d3331bba64991f4b0a3e0e1030a96a53afea8ee846c2f52d1817ad59477f8d14f8a3538cfbd8a16\
         38f79621",
    ),
    key(
        "7975-secondary",
        "7975",
        SECONDARY,
        "deffe5460a403f0cc78796c5e9a4b3b4d3437b20ca791807c2a71f020690de2922a0d815bcaf86a76de8\
         4473e8dedf15f423ee1981657796298c23c3ac95d3da2e65ed96061c6b2ce5034aeefeb021689e025f3c\
         87acd28cf75f8768f785e6908bbb32b312067ccda1628853444fcb1fb60a62d0b240de3918687fb45489\
         8e021e31d1c50614c003091c5ff1945301d94996984e3d62c7e920172e2e8c108afcde26053d5e2fe5f2\
         b23d382d28698db13055d8e764a2b11ff3e744243acd577d76af9c380a168b58c7bb34e54ff21ab9bc6e\
         1859343b3be7d2c5c0c8a50c11ae167de617930873d8b0845483889fd8dbcabdd8b0102e2fdcdbb83a73\
         3a06892f",
    ),
    key(
        "6901",
        "6901",
        None,
        "e2cbfef2d9f93b241389d230003b7b19ba21348348b38e2e867499835f749bbdc45ff88d92aec06f0f6b\
         2803fd7c069588164f80719bd6c3107c4898e50e5a9e11118fdfec06404b9cd0f12e57f2bfd0c5ce819c\
         62e6a8b1b008164d66f57bd03ce3dab0e443a5c1ac9557d20238d3ad88ea20497405ef70230875343169\
         a547ae692e25e27e014e65da990e9459c4eb1bb9af7466b15886651abb0478bd105204bb3ef461dc4521\
         592a68bed66f4ea173a599d80ab5760c86abb86ddf4d34687cff0e30f90f24d48aa40aaea4b0765f41d0\
         9abd143dc4d360e0d5c6b1dd60bad7e7a619eeeb9e8714807c9a06c7e3dbb68316aabb74d3d5ac08cafd\
         e48ae925",
    ),
    key(
        "6911",
        "6911",
        None,
        "addd97c677db31210124a8a7fd2c6849556ee6fcce773942ed9229dc85549d2a203fbe35ab7e2bdc2ab2\
         01647673ecb7db1a4519257306c3b32d79311a3afd8a27428e78343bbd408fdf9dc1b2d2c442db132c5c\
         ae26a15de4c0364d7d07acc2dbefe1ef61d39339b9317a87a57bcaecf11c466abcac56e6a57ca9e7a025\
         bcb3d89f4228f6cc449c9cdd312a8f242877d2704a399d6b2c34357b70fbc9895d6c0d71434fbf349291\
         f13b2d9c0ad568e7f527763d53a9c39c3495a0a110bce2413ced726ab34548a1e2d92aff707df812adbb\
         1a79986285457387a315b377c47d57905414a64d6277a56e7099c911b63329e9c7f71e7e20f392547955\
         3f66eef1",
    ),
    key(
        "6945",
        "6945",
        None,
        "e3253588e38748f6282f935f86c098039da9bf02bde7cb5724468e307b86cfc7e8fab118ad4debb379d7\
         99d7805469343e3c8cbf8e2511533eaf0e5f5750e7e3a0c100eab226bd9512ea8e3a6abf470b34a32004\
         c4d3aa3ca8348311a59fa8cc2e205395e59663f8a9d05c94d85b45e1447584e8b806dee8094fe647ac0f\
         581699fa268daad1bff002347e7070db90c2ac03921dd187fba6a5843d9f06d71fd666bdc88de8cfea37\
         a020548a4d467edcf1df63e8c2ae40188ffcda5e8531cc993ff34b3d789aa76983a5c252703e98b3bb46\
         b1f3ae90f9e3786fc675975774fe7906000f731fbd280a35d79988d051137f927e127ea024fc9c8bfe38\
         dba22dbf",
    ),
    key(
        "894x",
        "894x",
        None,
        "c13a2d45425be37a09f65235b71522a8c4ce906b72302d4aa72096eca88bd592c9a06815e2d0a41b54a1\
         3233008651c14230845ac59643ef6f485f594d71e48d2b5e25066fffa4d807e0c77edb9e539a96b69a22\
         5e75ef9f3cafd96611cef2707422f8247b629954a7f307abef730c676de2a8d3a7570582f9720aaf0057\
         8d7a4e4821709192b8c1c5b51d7e5302284e7aa98d8d405197052ab1e3374f440e0147e286d68240420f\
         ae2d8e86db11d61e6bc90a910e957c2315f2e6e0f389937c9fae80e714baa574dc2b1ddc91990ee35a3b\
         a7249f8be950661a67d1b1725502325fa9bf8f2603240d600ef8667e3125c9a4dd7d56db08850564250d\
         1b386215",
    ),
    key(
        "7921",
        "7921",
        None,
        "e33d9e3c4264811dce9ef4a2e9a27cb9ea2a904baa98e0c187305eeb696968bcc1e564c4729c45c8f0d0\
         676493a74776154ffde535dc2d7c31547e2914c56f63cd2ad5c5496bb937fa883a6d2375d756c02667b8\
         82e43e77827eb7481c89ca1724b2db77afff8be3d2181fb65ebf8b255c75c4ca62a56bf07c8cde949304\
         a3f1a932224b98d770878d23364ccbb5fa2bdf37ad2044e6e44bb30947808840224712df8158a693d8f4\
         7017d6795515b7f57ca85bd9c1f1134a8bbadcccc47300e35fc2dfca4ddd23466203f1a57904f196dd03\
         729047a9bd79bac7c725cd412e38ae118d305ea83b20edbec300125372f061c2509052db8c2ed97467c4\
         a77cb239",
    ),
    key(
        "7925",
        "7925",
        None,
        "c0bccb3fc14833236840f788b0ff8ffc6d97ac02fd56a8fecd369b044ec3937ec409c12232a97b79371d\
         ca4ac903513e37dd363db615a3fa9a056cb12552c78d1c286bddd47681904b7649952050e0b2295a1721\
         343a14e40a5f335cc9dba80286017af39e21bfc699d66ee549cdd8767a11ca42788eadf9be377954755b\
         d73d5b37f6be47b447591b8bd36a83d88ec2b833923d6605cddf50bf06eb3f5e861e7256a0ef942adb5a\
         4b8deaf45a48c08df6f8f0c37dcef359c71b54f3c400e6ba1b4478b94b3caf402a4adf281ea0bfa74253\
         d61d5b8b4d18b6c01efa2647bb4f1b9e5fc5a6770107dcc4f0d89d0307522d72d8a662721a1e5fb91525\
         dbb5a753",
    ),
    key(
        "7926",
        "7926",
        None,
        "b5ccf70d83e7cdef722a33761c946b0b0ff8d5e4d4f5738fc25c914b4874343aa28358d3c0f57e8f5872\
         6ce0f783350dfd92f5c78a64b42e5d810409e1c52c477d86c197cb881447de8dd7c7313a6d0df5277132\
         31976ae4f3da230a9a9e2f66d9108968c305df14cbd48bb542874275ff2ea77424bb1e49ed3e5b862c04\
         cf8d9152ad8e394b5a219ac995eaca050d67ea739450e056bebd2843e54136e3097ceb3851d79f1aa8b6\
         a2b92b2c43307274959d79432aeba4a0b338820ba3f39cb8c1d8b33db0f692b20e63ab67a4739e74c6d3\
         fbc717c4905d6e86edf55e9826d49cad03c1a37767017218646c30944718f9a1036bd4d9821dce2f3d74\
         028e4f49",
    ),
    key(
        "69xx",
        "69xx",
        None,
        "b38c6fc599ed452c8dd66c339a51dd2f5e7e535fd0fad671415581a55a7188c78cf6f64928bf5522b62d\
         4ae92093d60d3a94f992489dd4c01dce884bfd3696da1a51d2357730d897aadebe4bb4b8d91f4c2b18a2\
         e8ad30e99046355e898edbe7ec833d40c3ba1f295563e596210f8ff0df5f8fac53e0b4bed7469a29b074\
         a6bf5b0ea4072c3f2febbab1e29c88a7ac44bc6d9af3bdd20062421b6e7af942220ca2483141a65cd136\
         0557ac0cf37fb57058835f03e5e4904117a2b20500afe1d0064d2e74d6216f2fd30e5e32f89e02ead218\
         cbe2c522972625d885ef443ffaffd2d6cd057153a3631edb1c17d2ea02ed19e9c855505bc03470d03d95\
         6fd9c733",
    ),
];

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// The first digits of the SHA-256 of each modulus, computed from the original images.
    const FINGERPRINTS: [(&str, &str); 24] = [
        ("7906_7911-primary", "4dc97fbcb2212b25"),
        ("7906_7911-secondary", "07910e117b66a567"),
        ("7931-primary", "785c16a265ffed7f"),
        ("7931-secondary", "537a432c771bc991"),
        ("common-primary", "02159fef0d2017de"),
        ("common-secondary", "f8b9b3feaad333b4"),
        ("7970_7971-primary", "fa00e50b8b7fed39"),
        ("7970_7971-secondary", "db0c9701381bd41f"),
        ("7941_7961-primary", "2a4ca6d700f01659"),
        ("7941_7961-secondary", "1fed9583b485d2a7"),
        ("7942_7962-primary", "3e534277b547e4c3"),
        ("7942_7962-secondary", "a05566ae348700a1"),
        ("7945_7965-primary", "08725d1ca919fd52"),
        ("7945_7965-secondary", "6c8db482d7bcef5b"),
        ("7975-primary", "b67a9744cb6b1632"),
        ("7975-secondary", "531547f362999a24"),
        ("6901", "784500bc598efec6"),
        ("6911", "783755e045d7a1d9"),
        ("6945", "9be43e8b1484ca1c"),
        ("894x", "d884821dd7fd7ec9"),
        ("7921", "1a20887acb6b1e66"),
        ("7925", "d940b3c3b5467e41"),
        ("7926", "2ad1b0577a575cdb"),
        ("69xx", "fc03c4167e5865de"),
    ];

    #[test]
    fn every_key_has_its_fingerprint() {
        for (key, (name, fingerprint)) in IMAGE_KEYS.iter().zip(FINGERPRINTS) {
            assert_eq!(key.name, name);
            assert!(
                hex::encode(&Sha256::digest(key.modulus)).starts_with(fingerprint),
                "{name}"
            );
            assert!(name.starts_with(key.platform));
            // 2,048 bits, and odd.
            assert!(key.modulus[0] >= 0x80 && key.modulus[255] % 2 == 1);
        }
    }
}

//! Digests of whole bundles, published or computed from a published file. Cisco shows its
//! own only after login.

use super::{
    super::{hex, types::Confidence},
    row::CatalogueRow,
};

const COMPUTED: Confidence = Confidence::Computed;
const STATED: Confidence = Confidence::Stated;
const DOUBTFUL: Confidence = Confidence::Doubtful;

const ZENCOFFEE: &str = "blog.zencoffee.org, 2015";
const ZHELTOVANTON: &str = "zheltovanton/cisco79xx-to-asterisk @84e6802";
const CHASLINUX: &str = "chaslinux/cisco-sip @b857aa3";
/// The package lists of a provisioning server, all revisions.
const WAZO: &str = "wazo-platform/wazo-provd-plugins @2321a3f";

const fn row(name: &'static str, source: &'static str, confidence: Confidence) -> CatalogueRow {
    CatalogueRow {
        name,
        source,
        confidence,
        size: None,
        md5: None,
        sha1: None,
        sha256: None,
    }
}

impl CatalogueRow {
    const fn size(mut self, size: u64) -> Self {
        self.size = Some(size);
        self
    }

    const fn md5(mut self, digits: &str) -> Self {
        self.md5 = Some(hex::decode(digits));
        self
    }

    const fn sha1(mut self, digits: &str) -> Self {
        self.sha1 = Some(hex::decode(digits));
        self
    }

    const fn sha256(mut self, digits: &str) -> Self {
        self.sha256 = Some(hex::decode(digits));
        self
    }
}

/// All rows. If a list labels an MD5 as a SHA-1, the row has the correct algorithm. If a list
/// gives one digest to several files, the row is marked as doubtful.
#[rustfmt::skip]
pub(super) static BUNDLES: &[CatalogueRow] = &[
    row("cmterm-7945_7965-sip.9-3-1SR4-1.zip", ZENCOFFEE, STATED)
        .md5("4088c17c622a1e181b1c2b1265349df6"),
    row("cmterm-69xx-sip.9-4-1-3.zip", ZHELTOVANTON, COMPUTED).size(3_373_630)
        .md5("3432724f7fd9bd7c9bb1a96c2635b9ba")
        .sha1("18091e1711e126728c9f01a4baeb223b848da79e")
        .sha256("eac297104db70befb49963b3571a562517cf39b3c85ba7eec0b0daf2ff34a2ec"),
    row("cmterm-69xx-sip.9-4-1-3.tar.gz", ZHELTOVANTON, COMPUTED).size(3_374_545)
        .md5("38a9917f89a1436ec953ca6d78c8a65f")
        .sha1("b56bc7bb79ed046bed85d61a56027481990915a5")
        .sha256("af8f1c0eb802a977486c0a316d8cb257ffce572d53a29ba59e6d3d7895f5f18a"),
    row("cmterm-69xx-sip.9-4-1-3.cop.sgn", ZHELTOVANTON, COMPUTED).size(3_374_953)
        .md5("429b5f457385585c4cd718b75f7ac14d")
        .sha1("ef4bb37904147b5322fb1b61f9b040affe4a8c4c")
        .sha256("585a3747172fc149bf58c8ff6d21d7305800a4202d985d6fe03e40954dc60526"),
    row("cisco-7906g-7911g-sccp-sip-firmware-v9-2-1.zip", CHASLINUX, STATED)
        .sha1("44204a076ad827cf42cf17e0846c40e7c568b9d7"),
    row("cisco-7940-7960-sccp-sip-firmware-v8-1-2-sr2-v3-8-12.zip", CHASLINUX, STATED)
        .sha1("df6d94b87315f15357ce9645429c92d95cd6cf24"),
    row("cisco-7941-7961-sccp-sip-firmware-v9-2-1.zip", CHASLINUX, STATED)
        .sha1("5713afa7ee70b4010a1199d125cde5d5d83aba75"),
    row("cisco-7942-7962-sccp-sip-firmware-v9-2-1.zip", CHASLINUX, STATED)
        .sha1("b364b366793409593183e9aa34d2a33f48c55cf3"),
    row("cisco-7945g-7965g-sccp-sip-firmware-v9-2-1.zip", CHASLINUX, STATED)
        .sha1("82b3f0b005e4def08e1a18340aafc86e27ad94d3"),
    row("cmterm-7945_7965-sip.9-4-2-1SR3-1.zip", CHASLINUX, STATED)
        .sha1("10463f5c3a963d9fccb52f73fe8e76df10f4a014"),
    row("cmterm-6821.11-3-1MSR3-3_REL.zip", WAZO, STATED).size(41_070_594)
        .sha1("6280e8074d0de40b9dd631859847980c0656542a"),
    row("cmterm-68xx.11-3-1MSR3-3_REL.zip", WAZO, STATED).size(105_925_597)
        .sha1("708fe9a3de09a68faad5218624add9d702de9191"),
    row("cmterm-68xx_78xx_88xx.11-3-1MPP-697-Locale-1.zip", WAZO, STATED).size(36_634_432)
        .sha1("7eed59b7c156e812116df1cf082dbff11d9caa05"),
    row("cmterm-68xx_78xx_88xx.11-3-2MPP-609-Locale-1.zip", WAZO, STATED).size(36_749_270)
        .sha1("b72e626625e4fb68ec4dea8656c2e64cf458aa4b"),
    row("cmterm-68xx_78xx_88xx.12-0-1MPP-245-Locale-1.zip", WAZO, STATED).size(39_964_861)
        .sha1("30c52050a2e0afd3082b7cd64c70eeb84a7d6468"),
    row("cmterm-68xx_78xx_88xx.12-0-4MPP-195-Locale-1.zip", WAZO, STATED).size(40_043_650)
        .sha1("833e4b49c5f8c2d92d93dc77aa414edf9e84dab4"),
    row("cmterm-6901_6911-sccp.9-2-1-a.zip", WAZO, STATED).size(8_985_769)
        .sha1("ceb4e71c888730e6bab8053107f79cf610624bcf"),
    row("cmterm-6945-sccp.9-2-1-0.zip", WAZO, STATED).size(11_296_420)
        .sha1("ef040187fb0421c8fe04f585b1cd9255d2e0c4ca"),
    row("cmterm-69xx-sccp.9-2-1-0.zip", WAZO, STATED).size(2_997_130)
        .sha1("c005e1762b0ac39825c29b7c71982fd473947c88"),
    row("cmterm-7832.11-3-1MSR3-3_REL.zip", WAZO, STATED).size(30_897_821)
        .sha1("151215192204f83def57ef9fef46d491bf48b902"),
    row("cmterm-78xx.11-3-1MSR2-6_REL.zip", WAZO, STATED).size(31_218_243)
        .sha1("7edcffc35e1f65e620ba309a860c6476100bec2b"),
    row("cmterm-78xx.11-3-1MSR3-3_REL.zip", WAZO, STATED).size(31_216_737)
        .sha1("df67e5c0beda5b0b79fae42416958b1d3117ee54"),
    row("cmterm-88xx.12-0-1MPP0001-245_REL.zip", WAZO, DOUBTFUL).size(188_024_536)
        .sha1("1ebdfb72d460d96b5e3653b4224effb95a3d746a"),
    row("cmterm-78xx.12-0-7MPP0201-66_REL.zip", WAZO, STATED).size(51_959_947)
        .sha1("67ca72f3723c23c99d4475858b3fc95a743f9cdb"),
    row("cmterm-7902G-sccp.8-0-2.zip", WAZO, STATED).size(329_363)
        .sha1("691fb351d9228bd193dcb78cb1e7ddec73ccf835"),
    row("cmterm-7905G-sccp.8-0-3.zip", WAZO, STATED).size(673_168)
        .sha1("c68b1ddddc06ab7bc85eef2a5956d6a58844d700"),
    row("cmterm-7910-sccp.5-0-7.zip", WAZO, STATED).size(592_359)
        .sha1("b1b640d14b925e9746953c761a2b9218d0248b52"),
    row("cmterm-7911_7906-sccp.8-5-2.zip", WAZO, STATED).size(4_952_371)
        .sha1("46aeae6947f734a142df3d6e6f9b7393d31db042"),
    row("cmterm-7911_7906-sccp.9-0-3.zip", WAZO, STATED).size(5_066_707)
        .sha1("02f37cd69aab190d018d13f86ccdc61cc2bb4235"),
    row("cmterm-7911_7906-sccp.9-2-1.zip", WAZO, STATED).size(5_190_761)
        .sha1("19bf8b8cde4b03adba36d266d983e8071c94d1bc"),
    row("cmterm-7911_7906-sccp.9-4-2SR1-1.zip", WAZO, STATED).size(5_210_166)
        .sha1("580d1238a374a7176c060c67ad16af8f710ff45c"),
    row("cmterm-7912G-sccp.8-0-4.zip", WAZO, STATED).size(339_004)
        .sha1("5c93605519fb691690b3c1eefc67127e85497892"),
    row("cmterm-7914-sccp.5-0-4.zip", WAZO, STATED).size(26_206)
        .sha1("187c5628874db55950a058480b9aa2ec3fdabd72"),
    row("cmterm-7915.1-0-4.zip", WAZO, STATED).size(64_899)
        .sha1("3897cb03c3cd76e031375b52a2275aa5d82a1674"),
    row("cmterm-7916.1-0-4.zip", WAZO, STATED).size(76_859)
        .sha1("4643db66e2c8b1800eee1ca110297b01c481bbcc"),
    row("cmterm-7921-sccp.1-4-5-3.zip", WAZO, STATED).size(11_008_509)
        .sha1("38c0a168519e328d5adb93d31467ea966e89ba12"),
    row("cmterm-7931-sccp.9-0-3.zip", WAZO, STATED).size(5_056_948)
        .sha1("9e85007387de085ebb0e8becf16197bacc01caa9"),
    row("cmterm-7931-sccp.9-2-1.zip", WAZO, STATED).size(5_181_969)
        .sha1("295296ad96460d56c72c6f7064318386ee5fec75"),
    row("cmterm-7931-sccp.9-4-2SR1-1.zip", WAZO, STATED).size(5_202_666)
        .sha1("b665930d6d27068fa94732402506312aeb78d43e"),
    row("cmterm-7931-scpp.8-5-2.zip", WAZO, STATED).size(4_943_283)
        .sha1("730bd0d1925e17028ded2a8fa80d91a026f63ccb"),
    row("cmterm-7937-1-4-5-7-SCCP.zip", WAZO, STATED).size(8_238_155)
        .sha1("f3ed059c1d5b2947527a5eb3a3c7ece7a8923565"),
    row("cmterm-7940-7960-sccp.8-1-2.zip", WAZO, STATED).size(701_384)
        .sha1("bdd4acc78d947ee0e50af88917d622b3fba3c545"),
    row("cmterm-7940-7960-sccp.8-1-2SR2.zip", WAZO, STATED).size(701_868)
        .sha1("ed7e792a7faa5b3371f09cbdae6dcd0985fa133c"),
    row("cmterm-7941_7961-sccp.8-5-2.zip", WAZO, STATED).size(5_056_951)
        .sha1("7d33fffe4a93e8648b82a1d2a88191fff107ed14"),
    row("cmterm-7941_7961-sccp.9-0-3.zip", WAZO, STATED).size(5_170_819)
        .sha1("3ff5b72ced1a8df06ad43727439fe0b497809c57"),
    row("cmterm-7941_7961-sccp.9-2-1.zip", WAZO, STATED).size(5_298_221)
        .sha1("d9f8b4112fc96a199099a9ba762e29f92eaf3d04"),
    row("cmterm-7941_7961-sccp.9-4-2SR1-1.zip", WAZO, STATED).size(5_317_438)
        .sha1("f7b4d827092f94af1945c8219d52591aeb3dccfc"),
    row("cmterm-7942_7962-sccp.8-5-2.zip", WAZO, STATED).size(5_086_615)
        .sha1("4e4e5d879882cc30b4380cb8abe544a34adeb938"),
    row("cmterm-7942_7962-sccp.9-0-3.zip", WAZO, STATED).size(5_763_153)
        .sha1("752deea2d776790be5f6b43e93687193e00bec35"),
    row("cmterm-7942_7962-sccp.9-2-1.zip", WAZO, STATED).size(5_888_640)
        .sha1("b81d2623c7343bcd4d12f8793a2e8a681d7f82b0"),
    row("cmterm-7942_7962-sccp.9-4-2SR1-1.zip", WAZO, STATED).size(5_907_663)
        .sha1("80290835b9456bf3c093fb1f5b8fe09dcc3a1934"),
    row("cmterm-7945_7965-sccp.8-5-2.zip", WAZO, STATED).size(5_214_755)
        .sha1("e7599cec19c6a750414d9488bd27f82d45ad5860"),
    row("cmterm-7945_7965-sccp.9-0-3.zip", WAZO, STATED).size(5_891_955)
        .sha1("98eb810de064cf777eb4660426aaa1e202413e78"),
    row("cmterm-7945_7965-sccp.9-2-1.zip", WAZO, STATED).size(6_017_637)
        .sha1("cd5247ef83f8c7c9725dc75d8e4d3f52bd8b73cb"),
    row("cmterm-7945_7965-sccp.9-4-2-1SR3-1.zip", WAZO, STATED).size(6_039_989)
        .sha1("dd6fe0220df8678f23dc04cc56f1c959e31968df"),
    row("cmterm-7970_7971-sccp.8-5-2.zip", WAZO, STATED).size(5_163_825)
        .sha1("9c3a12c24485766d284c3d48134095c2d419a23f"),
    row("cmterm-7970_7971-sccp.9-0-3.zip", WAZO, STATED).size(5_279_034)
        .sha1("04e8620c3b84d761f9654cdcc20c837c35944cc7"),
    row("cmterm-7970_7971-sccp.9-2-1.zip", WAZO, STATED).size(5_405_467)
        .sha1("a38c71352ac3a53fed2752760b7e33106a629231"),
    row("cmterm-7970_7971-sccp.9-4-2SR1-1.zip", WAZO, STATED).size(5_425_546)
        .md5("5d88a4f85d5f1e89596692d6ac3151ae"),
    row("cmterm-7975-sccp.8-5-2.zip", WAZO, STATED).size(5_212_003)
        .sha1("a574dff0ce405316744e70fc5403ed91f35a2afc"),
    row("cmterm-7975-sccp.9-0-3.zip", WAZO, STATED).size(5_891_350)
        .sha1("f9d72ce5953cfd1364d33e218d941d5c1015ff28"),
    row("cmterm-7975-sccp.9-2-1.zip", WAZO, STATED).size(6_015_942)
        .sha1("3042bb2af4ba659efbfe4b715ecf5cca374b61fa"),
    row("cmterm-88xx.11-3-1MSR3-3_REL.zip", WAZO, STATED).size(106_269_062)
        .sha1("6fc817c5c0b537fb09ee6f703b3e7dd31beb4043"),
    row("cmterm-88xx.12-0-7MPP0201-66_REL.zip", WAZO, STATED).size(200_104_420)
        .sha1("7c64aa2ddc6bfbed3b84e7c7731e4c6b51756ce8"),
    row("cmterm-8941_8945-sip.9-3-1-18.zip", WAZO, STATED).size(26_485_281)
        .sha1("90eb192da7d84a109f8ba1257f72a79750d0da9c"),
    row("cmterm-894x-sip.9-2-3-5.zip", WAZO, STATED).size(25_888_698)
        .sha1("e16ed7dfee72091013226f297e60f5503dbc3f4e"),
    row("cmterm-894x-sip.9-4-2SR3-1.zip", WAZO, STATED).size(32_656_355)
        .sha1("af76347c3073f1a1fbb17bb9550822ef5f421f8d"),
    row("cmterm-8961.9-2-1.zip", WAZO, STATED).size(36_002_144)
        .sha1("e1a26b53d30c8f154401d409029f572159c2f98e"),
    row("cmterm-9951.9-2-1.zip", WAZO, STATED).size(37_471_604)
        .sha1("d6fde67c0330e89425201802900c1f313eb27d9a"),
    row("cmterm-9971.9-2-1.zip", WAZO, STATED).size(38_410_137)
        .sha1("64c522df25bc26e2745f69cb0713f69a75633b6a"),
    row("cmterm-ata190.1-2-2-003.zip", WAZO, STATED).size(10_326_883)
        .sha1("ba165c923d0111b02b3d4cf8a08d0d4439a008e5"),
    row("cmterm_7920.4.0-03-02.bin", WAZO, STATED).size(1_155_568)
        .sha1("3e931a56e998f19b3623ad09b5a2f6a8e7492ce4"),
];

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Made by tests/vectors/make_self_test.py. */

#include "crypto/self_test.h"

static const struct ux_known_packet known_packets[] = {
    {
	.name = "3DES-CBC, HMAC-SHA-1",
	.cipher = "cbc(des3_ede)",
	.key = "b8b537a195cd8796a7271449ab299ba511d0b266c9ab951d",
	.auth = "hmac(sha1)",
	.auth_key = "3e59a646c48386924f7de37e32a41968781e3204",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x26ba1091,
	.packet =
	    "e65c97a10471325fc58898ea79e5a21f4c8a4c0701ec6a9cf9af568ebe9ff2763ace4775e2d77f08"
	    "f26b61cffd7603a3f6d46742d3a8c4f42d9ca87e983f69c2ade2c60625dd0297cce20fe999c13995"
	    "55147405",
	.plain =
	    "263231b25e07c216fc261c1631df9ac1d23cb58e8d6cf15992bbe167da05abfd4bde71f5dc8e4da2"
	    "d838db6b895bc6223bcd0102030404fd",
    },
    {
	.name = "AES-128-CBC",
	.cipher = "cbc(aes)",
	.key = "d1351daa7ddbffd058c3292bf5cc2ffa",
	.esn = true,
	.seq_hi = 0x00000000,
	.packet =
	    "ee81be671fb04ac3f4514c8268fa2da54fda94b04dbb07a1edc2716b1fd395c3237886b702a6b472"
	    "de94d2ceba903f8b0747be6714097b5ac6776bd537bd61759a1df5d9f724bd95",
	.plain =
	    "7e2e8029eca418c229646d02ed342a200f76b96f0818e60978eb50c3919b169c7bb1ef7a4c7f8a31"
	    "01020304050606fd",
    },
    {
	.name = "AES-128-CBC, AES-CMAC",
	.cipher = "cbc(aes)",
	.key = "2a387f0f3f908b2bbc8c12cf29def948",
	.auth = "cmac(aes)",
	.auth_key = "9db0d25b68cbeafaae073c54208af4d9",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x00000000,
	.packet =
	    "625134ac05efec5568d35ebe30859e9a65c257e9938b9364f8b3c70bfee3180ee54c6f7c0dafd026"
	    "9251e609ce0649f5f1eb5b3de5de8abef971076eb82a5cee152ea48e9479188fac10b2dbcf41bae8"
	    "05e2ebad",
	.plain =
	    "098c7ed6f701e6bb1426b372fb9a35b22133ae5d767ae1210153336ea642b54bce266b98a34e1a75"
	    "36b27a01020303fd",
    },
    {
	.name = "AES-128-CBC, AES-XCBC-MAC",
	.cipher = "cbc(aes)",
	.key = "4cd68fffae100a8b1ca6993d096d8527",
	.auth = "xcbc(aes)",
	.auth_key = "aee087f9f2b90bdff621b5ee64c7916c",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x00000000,
	.packet =
	    "80db661e6c2b7badc027d5bdd188f2d9d7eece5380a5508e503dbaed1a9fb547309cbd4af8076e6d"
	    "dd1206abbcd6d5acc195ef2f3300bc4ef12831c73f6255ceefb5ef53",
	.plain =
	    "4aa233b8e37bba05b518027e687144eb8dd7292c6af5153d1c010203040505fd",
    },
    {
	.name = "AES-128-CBC, HMAC-MD5",
	.cipher = "cbc(aes)",
	.key = "646ddea989047b7f604726ee210f30ec",
	.auth = "hmac(md5)",
	.auth_key = "843f8438320b55f96894418b77211598",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x00000000,
	.packet =
	    "76e8f2db1727bc62e658117308dd3f6cffb3eb27c06b01333f77fb318df2a79eebd14c422af75a12"
	    "cbee3e5f9259c1ee66bb2458",
	.plain =
	    "84bb0242f64cd6ff20cd0102030404fd",
    },
    {
	.name = "AES-128-CBC, HMAC-RIPEMD-160",
	.cipher = "cbc(aes)",
	.key = "ac5c65f9a15beb080645cbcd10fe7076",
	.auth = "hmac(rmd160)",
	.auth_key = "f15a0d0f446985a9ac0bf19c015ecb1ebc80bc22",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x3fa9a103,
	.packet =
	    "a1c658f25424e930928327b8d0d2dd560ea343ac266702b63b8e0c909f3b41361c0d91cb39b69927"
	    "98c5ce16474be312d07bf9293bc7930d64fd26141958cb4e7121ae55",
	.plain =
	    "2df3029b2c8830b8fa3c4586426d266a8c2cad17ee1a49c505d299ca010202fd",
    },
    {
	.name = "AES-128-CBC, HMAC-SHA-1",
	.cipher = "cbc(aes)",
	.key = "6ea02a8495825d5ef04584d389d4edb6",
	.auth = "hmac(sha1)",
	.auth_key = "8a2ea9afd30e50a8443f73939dd6bc1c9e4c40e6",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x00000001,
	.encrypts = true,
	.counter = 0xec6f3536416fe979,
	.packet =
	    "ba32fb13abceefba73a5a155adaa7dd5d93db6f7bc4b27d041afebddaf49b4fab6e42fdb8f4fc92d"
	    "735a30265528580df6f84b5ade5232b5b31bc3a7ba354aaeeedb0f1d",
	.plain =
	    "000100020018304052b9ea27f53fa37b0afecfaf0920020e0102030405060611",
    },
    {
	.name = "AES-128-CBC, HMAC-SHA-256",
	.cipher = "cbc(aes)",
	.key = "68e31758eb0fa83e2d34745a62b88035",
	.auth = "hmac(sha256)",
	.auth_key = "ed2853d1a5fdf78fa366e4ed06ddf9099c947e98d02498e0544b39436f6c0dff",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0x6bb52a8ba67097c6,
	.packet =
	    "0a2c1e569ce3423063c3c01e687c5f035ddf28528e1c5eb63a7599385514bc6401b0adee380ed056"
	    "b14dae5c1a4bf613690a5474",
	.plain =
	    "00010002000d7ed5437e237b06010111",
    },
    {
	.name = "AES-128-CBC, HMAC-SHA-384",
	.cipher = "cbc(aes)",
	.key = "3df0d951819b7770fef55f77f1274237",
	.auth = "hmac(sha384)",
	.auth_key = "55ec51b93ae807347726c7367cb58456dc75052301d05eccd2d4fb420eecae927f649a9f3f50c62422f829cb11068e12",
	.icv_bits = 192,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0xf6b4bc6386fd0b70,
	.packet =
	    "ed226d0326dc50c2c9bb0e282e68349abc4ad2d356fa4f6f61db9aee6abb1d6213d642ad8c7f7b48"
	    "4b34ecb5e752e199d64db414ef4020a6f6c118b34d6e7f3faa80717f5131650b15596511b923c005"
	    "63c0a5f43b74aa021958e17b53841b3a",
	.plain =
	    "000100020023c4daf12a7c7363bdcfaafa6c488cfe8ca73c19c6ce0cc29a5ceacfa5c60102030405"
	    "060708090a0b0b11",
    },
    {
	.name = "AES-128-CBC, HMAC-SHA-512",
	.cipher = "cbc(aes)",
	.key = "64345b96d29cd361da8978c0c2e3d84c",
	.auth = "hmac(sha512)",
	.auth_key = "ba4f592df95b0a3624d05490fae162a4079b97664d2d94056a62ca0618421e157ce8a48b2b724534bb6555a4c87a9c2d65f0fba1e5bed33407d58ff66864792d",
	.icv_bits = 256,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0xfbc589fb294c4f73,
	.packet =
	    "a3513b766125483869edc2761c36f6a7e4b437257ff7e27be82538e99b652e2395e925904ef86de7"
	    "0c1cc8e4d2b50b47aa9675874632177ccb09eeac073b634bf57199fef6811a56cd71ced790e4c514"
	    "c961e5e8fd4120df",
	.plain =
	    "00010002001aac503ac00bc27511bc8adb6e002b30e60225b8a0010203040411",
    },
    {
	.name = "AES-128-CCM",
	.aead = "rfc4309(ccm(aes))",
	.key = "b6ff4bb7b94ffe891321e8042ef5ee7595ee00",
	.icv_bits = 64,
	.esn = true,
	.seq_hi = 0xfffffffe,
	.encrypts = true,
	.counter = 0x6ff95973d6b4e6ad,
	.packet =
	    "d1a1d8186fdf20616ff95973d6b4e6ad06ab23c8fe1a4ae3f3425cf49150697f1b59c71f",
	.plain =
	    "ae53c7ecf62dd9e05af20004",
    },
    {
	.name = "AES-128-CTR",
	.cipher = "rfc3686(ctr(aes))",
	.key = "ae6852f8121067cc4bf7a5765577f39e00000030",
	.encrypts = true,
	.counter = 0x0,
	.packet =
	    "00000100000000010000000000000000e4095d4fb7a7b3792d6175a3261311b8",
	.plain =
	    "53696e676c6520626c6f636b206d7367",
    },
    {
	.name = "AES-128-CTR, HMAC-SHA-1",
	.cipher = "rfc3686(ctr(aes))",
	.key = "c593f9433224154a17ee34c769168ba013bc6595",
	.auth = "hmac(sha1)",
	.auth_key = "3e59a646c48386924f7de37e32a41968781e3204",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x00000000,
	.packet =
	    "97f68c5f0f2ee447dcdbd884bab9e9a80ff36ed406a40e5f0feeb1da78fe0e16e6d3ace21f88c10d"
	    "19ac418ab3394399d871513f",
	.plain =
	    "294857c7f768d36d6e810b0b7c97da439f40ef01020303fd",
    },
    {
	.name = "AES-128-GCM",
	.aead = "rfc4106(gcm(aes))",
	.key = "abbccddef00112233445566778899aabdecaf888",
	.icv_bits = 128,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0xcafedebaceface74,
	.packet =
	    "0000010000000001cafedebaceface7429c9fc69a197d038ccdd14e2ddfcaa054333216441250352"
	    "4303ed3c6c5f283843af8c3e",
	.plain =
	    "746f016265016f72016e6f7401746f0162650001",
    },
    {
	.name = "AES-128-GMAC",
	.aead = "rfc4543(gcm(aes))",
	.key = "f588127e04d36d3d765d3dea5f22338d2741657b",
	.icv_bits = 128,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0x9f75a0f7a71f773c,
	.packet =
	    "80742e15af1cf0ad9f75a0f7a71f773c9e6063b513010104857d276ed6dc4651a7ead09b6351addd",
	.plain =
	    "9e6063b513010104",
    },
    {
	.name = "AES-192-CBC",
	.cipher = "cbc(aes)",
	.key = "35d83360f1c81e19b171afe7a3fe574db9057d973395b754",
	.esn = true,
	.seq_hi = 0x00000000,
	.packet =
	    "95557dcc194849f0a15da48cd63622524ffb489496696453cc9ea53ab9f485659411b69a95d0cc19"
	    "e4c4f78682a73d749d93a6647e56dc814b59b5ec544601bd374fd4fecdad6287adf055ff1dfbbd1d"
	    "0c093538e387d08273474bcf0cf7f67437acb64eb978d6c3",
	.plain =
	    "b8c9b35047445c06b4105231d462df61b42d1c6703232ccd3cab79c5b44e3515dde284e1fb2e6da9"
	    "fdcf50b151bf2e01dadbe88e9975f38048af266d4a28b58ca7282839679d52badd044401020303fd",
    },
    {
	.name = "AES-192-CBC, HMAC-SHA-1",
	.cipher = "cbc(aes)",
	.key = "a29c48e7b3066216e1bf313524a4a3cdf896556aa8c1395b",
	.auth = "hmac(sha1)",
	.auth_key = "fefd27c3e7d0e755ad5770da526719dba816274c",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x00000001,
	.encrypts = true,
	.counter = 0x8233a0287c1d9409,
	.packet =
	    "4a8122f5f052405a87ccf9d6625f4efdc48c7160900c53c1f1effa8d92c4c30dc9882584ffccb0d0"
	    "79ca28c06307a0795319303f",
	.plain =
	    "000100020008ebd80102030405060611",
    },
    {
	.name = "AES-192-CBC, HMAC-SHA-256",
	.cipher = "cbc(aes)",
	.key = "ddf844d3de77b5cacfd46e62849e5ffce97ab90b372221bd",
	.auth = "hmac(sha256)",
	.auth_key = "440f0d904c4433aed0a5af2aa01b40ff57b507347db9264632b9f41d6846ca8b",
	.icv_bits = 128,
	.esn = true,
	.seq_hi = 0xfffffffe,
	.encrypts = true,
	.counter = 0x177547456091d069,
	.packet =
	    "fad36a742f7fb44f3c554312ad9e8cd7a64b39c44a375ce24ab7724cc191a09a670a758b5f7895da"
	    "4e16871517a39f06d156b9804299bcaa",
	.plain =
	    "00010002000dbec14d82af8a30010111",
    },
    {
	.name = "AES-192-CBC, HMAC-SHA-384",
	.cipher = "cbc(aes)",
	.key = "aa769a0bbe57f29c0614d9c328845c2f35067422ae07ff2b",
	.auth = "hmac(sha384)",
	.auth_key = "04f5c061a3b78e5c8fbf4a902cb7f67a269a4dedd3fd13533d44c04e0bda76dec95185e34d2768cfbea118002c05a209",
	.icv_bits = 192,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0x06aec8ae3b62757d,
	.packet =
	    "d17243a9636fce8299d908c55ad8b25c8f1b7920e1ff2ff229df2ca182707b1a711f2dba07936a78"
	    "157b8ccb9d4804a589e5c2fcc39bc767bdf07740ffaf292dda87edc7c36aac6666c438bbdcda6af5",
	.plain =
	    "00010002001180ef21e6f88f867e44e2850102030405060708090a0b0c0d0d11",
    },
    {
	.name = "AES-192-CBC, HMAC-SHA-512",
	.cipher = "cbc(aes)",
	.key = "7d424321d71dd39395b5a0025f89513ff0826171e8b0f684",
	.auth = "hmac(sha512)",
	.auth_key = "263131e4c8bd510957360a24ef38a1fcae58e463c2e1277dac2c477684614585b5a80edfa026eeccc93f45fa87c2885cfb8cdd2045c6dab286aceeaeb7ef7a38",
	.icv_bits = 256,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0x32a5e9f99521cd09,
	.packet =
	    "ea7ef206c4fd8c497f350ecb5fbc8793bebbfef5a321db8e8cd3283263fdd40c6744b94c2d3c6859"
	    "c829ab21c6c0b512aa965b4d5a6d934f12a3ae3305534eef44be98894cb85791",
	.plain =
	    "00010002000c1c19ad0822af01020211",
    },
    {
	.name = "AES-192-CCM",
	.aead = "rfc4309(ccm(aes))",
	.key = "3b8a4d11d88ddc16ba38aba6faec38305e761d8f826ebbe21714a1",
	.icv_bits = 128,
	.esn = true,
	.seq_hi = 0xfffffffe,
	.encrypts = true,
	.counter = 0x397bc6ef247fc2c5,
	.packet =
	    "46a978db74a2dae1397bc6ef247fc2c5afb74fd15b141c7fe232e459e51955747336ebd2",
	.plain =
	    "de010104",
    },
    {
	.name = "AES-192-CTR",
	.cipher = "rfc3686(ctr(aes))",
	.key = "4b9d1387d11020c00f27f1652ad0930371f5e0ef783d16190a8ca196",
	.esn = true,
	.seq_hi = 0x0425ae93,
	.packet =
	    "6b2d5a4300ea42a9f4ad237fa86fdf0a90a2f5f84a30e59104739d3f310167908162e4d96a461e8b"
	    "a9216c08637bdbaeeedda6639ed24fb32173e787ae1f2705",
	.plain =
	    "905ac9ca5cbda56793f06f11ac1de8774b9aab78093ec41571ea240dfd368af5218450277e078ad6"
	    "ae8ebd21010202fd",
    },
    {
	.name = "AES-192-CTR, HMAC-SHA-1",
	.cipher = "rfc3686(ctr(aes))",
	.key = "4b9d1387d11020c00f27f1652ad0930371f5e0ef783d16190a8ca196",
	.auth = "hmac(sha1)",
	.auth_key = "3e59a646c48386924f7de37e32a41968781e3204",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x5f400bc6,
	.packet =
	    "2de500653d551a6fd99e7b4408baf8333c675770c872a6a2b4d35e186e9c85825da4e3db2d865917"
	    "28a6eb6f2ba8ce05f2c754b56f79a5b36d4d896faceeee8e92a48809",
	.plain =
	    "dc51454d467efa7f6ebb0572033068c69da08aee48ebcb10114ef97f2c3e116caba15fbecd0800fd",
    },
    {
	.name = "AES-192-GCM",
	.aead = "rfc4106(gcm(aes))",
	.key = "003772610e8a3eb8624bb4439db1548722cf1ba800c33126cf5f1804",
	.icv_bits = 128,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0x9d2e0699eb45faeb,
	.packet =
	    "d3cdf35d6abb65769d2e0699eb45faeba211666b397958553ab2b06151e55f2929a639319ba7e13d"
	    "7eac37f4e68087057340e24f",
	.plain =
	    "000100020011d01107680be018a487c868010111",
    },
    {
	.name = "AES-192-GMAC",
	.aead = "rfc4543(gcm(aes))",
	.key = "cc08ed04d8787736b88544b90592b61d2cb60a85182f0106c953a55d",
	.icv_bits = 128,
	.esn = true,
	.seq_hi = 0xfffffffe,
	.encrypts = true,
	.counter = 0xa4575ddbc694f787,
	.packet =
	    "60b8fdd22a09575ea4575ddbc694f787b890fc5845f0a08e99f3d3af3b4d49b1ecaca6f93d056602"
	    "17a2d6d562bf510d043cae25508abe950102020411da2c2204243e98d68c2256c6e0df6b",
	.plain =
	    "b890fc5845f0a08e99f3d3af3b4d49b1ecaca6f93d05660217a2d6d562bf510d043cae25508abe95"
	    "01020204",
    },
    {
	.name = "AES-256-CBC",
	.cipher = "cbc(aes)",
	.key = "f78f9c6cb9660bd39bfa29ab95ffb71401d11a4623c11227054d343653d713b3",
	.esn = true,
	.seq_hi = 0x00000000,
	.packet =
	    "eb8996453cc9adbf2c0dea49a017a374f5da78685cebb038ec14337151aaca9fc3e7fafb203ab542",
	.plain =
	    "0d655d9e1c99ed7aeb8c970ba40101fd",
    },
    {
	.name = "AES-256-CBC, HMAC-SHA-1",
	.cipher = "cbc(aes)",
	.key = "79d7dedc5e0d4db5ba15c34f375b945c726b120f1a07dc133ceda2a1ab577465",
	.auth = "hmac(sha1)",
	.auth_key = "61e0297502fe37528a795e3b3838405ad3ac4f61",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0x0821cf01a48c1e6a,
	.packet =
	    "f5dd41ad002c9c343fa15641f3c8b83749a885ec710078219ae30a6149fccced3775de65a336d1ff"
	    "3f0e0d016cbfcefaded88726790186c5032788eaa321dea28596cc423bc0d7522d8678b5ba0ac653"
	    "77eac0ba7b41459a00c6029552d62f2de46400abc383b44c50881b86590c10639f742d03",
	.plain =
	    "000100020048c236053a01f1d54f605f81c0ae79efb59aefc4a2c6d1f9c382a6b92c9ed90139ae87"
	    "fbc6bd00169477e9ed158f58ed0d4ad4b852721a9d989f636af96ace23aac5500102030405060611",
    },
    {
	.name = "AES-256-CBC, HMAC-SHA-256",
	.cipher = "cbc(aes)",
	.key = "e5739f7cff0fb633492cd44e72f1aec53737d2b1f90f2a9e42947b2b5d9d20a6",
	.auth = "hmac(sha256)",
	.auth_key = "89add62600ad9b1d4a361c0bddc584aaf1fdccd35a9a7b9aca36e03cebbbdc52",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0xafa3f4a951327446,
	.packet =
	    "d3fc46aee967ccb01c31ca25ea46c2df50becc5311455135ab81dfaf9da3e6ae7930be9cb71fa2ed"
	    "c106e2fa5754a3e688e7ab65",
	.plain =
	    "00010002000b73574a7b2e0102030311",
    },
    {
	.name = "AES-256-CBC, HMAC-SHA-384",
	.cipher = "cbc(aes)",
	.key = "76ec79fa47fe26d25a70507c8fad28ce6620ca1a7ed39332eaf01070a9ec2b47",
	.auth = "hmac(sha384)",
	.auth_key = "46bb7c148e2d7f7b131fa8fae8dffb20e7e8d70299f79c21aed373720e26aa9a12b7487433661cbc94d630af5560b7f4",
	.icv_bits = 192,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0x4790f9236a106dcf,
	.packet =
	    "88336f6ba48570d7c2c78cabea747a73437b5b39e0ee3d10c25568c5b94681b0da1846d9865b4a97"
	    "5381b5bc49df357bb17b3846b3863f22bfe8669eeb57dc7caf4a20c835fea0fba6084893875886a5"
	    "05519f26165ce55cf464b369c16e18c6",
	.plain =
	    "0001000200248958b158b08d4ac1863260e2dced4989c8125b062b3678ba9c7cea0b5a8201020304"
	    "05060708090a0a11",
    },
    {
	.name = "AES-256-CBC, HMAC-SHA-512",
	.cipher = "cbc(aes)",
	.key = "2b45d2b5fa61518f2a5c4fdfb1143e6d1b51311558ca5f96a7d9428da35fc52d",
	.auth = "hmac(sha512)",
	.auth_key = "497dfb74910bb9920c2a2ed422f2edff7ca6a11ade625f72ff45baee9b202f761e92207e4a1c8c29c0d1b9015348b6dbfd36a310c98bd7ec797e25551dcf17ac",
	.icv_bits = 256,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0x77e7d5896ca32f07,
	.packet =
	    "e8fe21757fd78c3173f80e726bc3ad42c7e19998485376c4c525b04b73838157813564cec59b330c"
	    "ae0474bb8f6d4a0b24bf96106e9db16cff90aed6a3cd40c4a685cb7579fa902b5ed4a4791caf61c3"
	    "5e3c92c744ec47da",
	.plain =
	    "00010002001497e8c53d1051f146486721c922d20102030405060708090a0a11",
    },
    {
	.name = "AES-256-CCM",
	.aead = "rfc4309(ccm(aes))",
	.key = "1a3e68520c7242d2c9f0038f1ba4c262313862cf10addc54739ce195a0543ee752fa2b",
	.icv_bits = 128,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0xd0be6916754bdbeb,
	.packet =
	    "fd127c9045841c6bd0be6916754bdbebc8c6e86b7e8766ebbe6c2bf171c7893bfd02027c6ef04538"
	    "86ce30ab63863214",
	.plain =
	    "38b02e1280de4b6a805f9ba78c4c0004",
    },
    {
	.name = "AES-256-CTR",
	.cipher = "rfc3686(ctr(aes))",
	.key = "784bc726f2b02d50c83779deb404b9cbacd66f0e0b345892898cca3467cdc668d62db3d5",
	.esn = true,
	.seq_hi = 0x75b12ce9,
	.packet =
	    "6497ad4b089ec2327a17f2fc1cba920e326e91d6c8e378da712e967e73a0aeab9c22c83d44a7b6a0"
	    "621715413074d84f420cae9dc1fd08cd6968efbd7ab45bac13d209a02986e6b7573c0a739d4daff8",
	.plain =
	    "6bb51290397d94c87108fcb758fd5b431ceca2f9b57a0c145989d8a2d900b1e71da4f96e36019ac1"
	    "1421db4a216eedb904a6de6c4e6858ad0fda5301020303fd",
    },
    {
	.name = "AES-256-CTR, HMAC-SHA-1",
	.cipher = "rfc3686(ctr(aes))",
	.key = "784bc726f2b02d50c83779deb404b9cbacd66f0e0b345892898cca3467cdc668d62db3d5",
	.auth = "hmac(sha1)",
	.auth_key = "3e59a646c48386924f7de37e32a41968781e3204",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x4a8ed86e,
	.packet =
	    "d99034b56c0c29dc18c972e015ee381a11f567bdbaa83ee6347cc420dedd48fee8abdbe8828a5147"
	    "ea6e1a0ee3a422080ab91732",
	.plain =
	    "5aa4670ec1fe62f0629bf2fa030697f746722402010202fd",
    },
    {
	.name = "AES-256-GCM",
	.aead = "rfc4106(gcm(aes))",
	.key = "7647a997161281026659741b0a53a66f1295e151af0121a4121764451692f3ccca95d418",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0x320a17282cdb1c9c,
	.packet =
	    "bec6f5ba63d45dca320a17282cdb1c9c3e6814c3a4fcc71a99fecd389426c7d9f92933e1dbc3c928",
	.plain =
	    "000100020008ebd801020211",
    },
    {
	.name = "AES-256-GMAC",
	.aead = "rfc4543(gcm(aes))",
	.key = "d09b1c2005aca89b0acd94ee9e472e05004a5881d349bc71d37eb9668721aab317cf7389",
	.icv_bits = 128,
	.esn = true,
	.seq_hi = 0xfffffffe,
	.encrypts = true,
	.counter = 0x43336efc695addb9,
	.packet =
	    "83dea0a4efafbcae43336efc695addb9915db5b7ebcbc6ff334ad73390f2ee57aa010104c4e9e9a3"
	    "a7db8ee8684898020f2f53de",
	.plain =
	    "915db5b7ebcbc6ff334ad73390f2ee57aa010104",
    },
    {
	.name = "Camellia-128-CBC, HMAC-SHA-1",
	.cipher = "cbc(camellia)",
	.key = "a8fc39047f193c523e17fb0ea0c1a8e6",
	.auth = "hmac(sha1)",
	.auth_key = "3e59a646c48386924f7de37e32a41968781e3204",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x00000000,
	.packet =
	    "ced2e6983e88096bd12e9d431c407e064d9b58370ab419312bc9c108fc5f2ca33c07f6cb9df93e3a"
	    "f0e9291f918b9dea59970dedc97edbc612000cdfce75726eed67c4e6f665b982089b26cec9b5f571"
	    "b596ebea62c4c49ad8793b43169d27ac8ce46fca10a9873b8302a6ee40aa7d7dd6bb3b30",
	.plain =
	    "07a177316c098afefc0d15be9523e4759b37e712a1a97fb8b8f695491bfa066409b276b8e494f3e1"
	    "49d58c2c969750ac477ca63644c1701641ca396dc1d395bff2cb623b38e572a394038c78860101fd",
    },
    {
	.name = "Camellia-192-CBC, HMAC-SHA-1",
	.cipher = "cbc(camellia)",
	.key = "1c2206d3378379c23390a54c1c3410877a544c02807d215c",
	.auth = "hmac(sha1)",
	.auth_key = "3e59a646c48386924f7de37e32a41968781e3204",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x53efcc18,
	.packet =
	    "bb3603492d58e985253c0317a479ede127fc27f181cf509206ab086ec552c1c358603a2eec32ece5"
	    "ee57065de98edc2d73b40537b64ea0bb6af0ee1c33b1eeaad8eaae35",
	.plain =
	    "99a4d89d657d85370d29d66fe0c9d18c925a0102030405060708090a0b0c0cfd",
    },
    {
	.name = "Camellia-256-CBC, HMAC-SHA-1",
	.cipher = "cbc(camellia)",
	.key = "9e71594a6182c96959892d32fcff7e693aea14d63a1441677cf2bd3d1c10246f",
	.auth = "hmac(sha1)",
	.auth_key = "3e59a646c48386924f7de37e32a41968781e3204",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x1376ef4c,
	.packet =
	    "b9f90295164d332379d7f3756962b437387dc8902102b285227b3fe225571cf120393738e267613d"
	    "efadb87692416484e8aa3ffc87710313bee6ba7fa623f169d913749b25a79a496a6ecdb926a2f886"
	    "df47b5ea",
	.plain =
	    "b3025481be5b2125cf1302598df3a1a1afbd6341afa0659460a6d46f9ed30b58c6a960cbd62e0102"
	    "03040506070808fd",
    },
    {
	.name = "ChaCha20-Poly1305",
	.aead = "rfc7539esp(chacha20,poly1305)",
	.key = "e91b49710347e1ee22d092f674c65dd1435ff14c43855328aa3d529ea75129c7445a554c",
	.icv_bits = 128,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0xeaaa59372154712d,
	.packet =
	    "d8ef44a4c0295a6aeaaa59372154712d01da8aad7d5238ee5aafa4270b00ab8205d35eac266ddeed",
	.plain =
	    "e27da30102030304",
    },
    {
	.name = "null, AES-CMAC",
	.cipher = "ecb(cipher_null)",
	.key = "",
	.auth = "cmac(aes)",
	.auth_key = "8db74b275417635acc6538a02e61a1849ef92005b9eadd30",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0x0000000000000000,
	.packet =
	    "fa75ccf64a9e29c1f19ed11cb6e95788fb010104f2ddf8a32feac09e1cefdc5a",
	.plain =
	    "f19ed11cb6e95788fb010104",
    },
    {
	.name = "null, AES-XCBC-MAC",
	.cipher = "ecb(cipher_null)",
	.key = "",
	.auth = "xcbc(aes)",
	.auth_key = "000102030405060708090a0b0c0d0e0f",
	.icv_bits = 96,
	.encrypts = true,
	.counter = 0x0,
	.packet =
	    "000102030405060708090a0b0c0d0e0fd2a246fa349b68a79998a439",
	.plain =
	    "08090a0b0c0d0e0f",
    },
    {
	.name = "null, HMAC-MD5",
	.cipher = "ecb(cipher_null)",
	.key = "",
	.auth = "hmac(md5)",
	.auth_key = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	.icv_bits = 128,
	.encrypts = true,
	.counter = 0x0,
	.packet =
	    "48692054686572659294727a3638bb1c13f48ef8158bfc9d",
	.plain =
	    "",
    },
    {
	.name = "null, HMAC-RIPEMD-160",
	.cipher = "ecb(cipher_null)",
	.key = "",
	.auth = "hmac(rmd160)",
	.auth_key = "c69c7fde8542a4a695acd97864027224e18454a4",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0x7f29c4b1,
	.packet =
	    "4954ba5a52acf0c9195753c791858a03de1e1c5d6cc0c91d2078363549af94547020690f124300fd"
	    "49d7168821ba55d1848e4211",
	.plain =
	    "195753c791858a03de1e1c5d6cc0c91d2078363549af94547020690f124300fd",
    },
    {
	.name = "null, HMAC-SHA-1",
	.cipher = "ecb(cipher_null)",
	.key = "",
	.auth = "hmac(sha1)",
	.auth_key = "b414da33368d3b030b38b8c68f2909eee74ac4e9",
	.icv_bits = 96,
	.esn = true,
	.seq_hi = 0xfffffffe,
	.encrypts = true,
	.counter = 0xf9bd6f145d56b67b,
	.packet =
	    "ccf6c2f92e4fdd34000100020046a931a843f3dadfc96c46b46db0301e47cd2a99880f7a92e8ce96"
	    "e56ba74604238439e0bf30a7b4b10d16fe4d2d40974f01ac06e5a10e629001cba187e169c3610011"
	    "9ede8f020e01184cf8ee3e7f",
	.plain =
	    "000100020046a931a843f3dadfc96c46b46db0301e47cd2a99880f7a92e8ce96e56ba74604238439"
	    "e0bf30a7b4b10d16fe4d2d40974f01ac06e5a10e629001cba187e169c3610011",
    },
    {
	.name = "null, HMAC-SHA-256",
	.cipher = "ecb(cipher_null)",
	.key = "",
	.auth = "hmac(sha256)",
	.auth_key = "3480b12ab1d0805d7f9783182670a06361fb941d18882b629119b4a1fb545b4e",
	.icv_bits = 128,
	.esn = true,
	.seq_hi = 0x00000000,
	.encrypts = true,
	.counter = 0x2fa6dfb53ede003a,
	.packet =
	    "0ffda7fe1f3b214100010002002e033541f1908eb51ee060e350195454840a10f4b4856b43332415"
	    "79398c023f360ea0c92d4758e01d0011f5ad0a40c464f8df10965c6f0f957a86",
	.plain =
	    "00010002002e033541f1908eb51ee060e350195454840a10f4b4856b4333241579398c023f360ea0"
	    "c92d4758e01d0011",
    },
    {
	.name = "null, HMAC-SHA-384",
	.cipher = "ecb(cipher_null)",
	.key = "",
	.auth = "hmac(sha384)",
	.auth_key = "5eee9ec91390b193ab0f9c215326fdf95719fa21552833b7833d09bc7a3ff0389b90e95e79813e53d932485fd1776841",
	.icv_bits = 192,
	.esn = true,
	.seq_hi = 0xfffffffe,
	.encrypts = true,
	.counter = 0x2ee0357a16774a8c,
	.packet =
	    "0720079b1adfd171000100020025c8a03c0f3d97d6690faf3f9e184f509b6e0359bf7f422369bd7e"
	    "e67fa84864010111887b058fca65ceb7bc66e065ee32f82f24a640424aa8a4b9",
	.plain =
	    "000100020025c8a03c0f3d97d6690faf3f9e184f509b6e0359bf7f422369bd7ee67fa84864010111",
    },
    {
	.name = "null, HMAC-SHA-512",
	.cipher = "ecb(cipher_null)",
	.key = "",
	.auth = "hmac(sha512)",
	.auth_key = "1c6843b29a5af45d8be6d954f101f9648aba8ec7a3c0295b8bb35f588d6e6a9e1a513f9c2c0b9060a4ac9f1a174ad47ca954e4914374e1894a7b0adc72355f47",
	.icv_bits = 256,
	.esn = true,
	.seq_hi = 0xfffffffe,
	.encrypts = true,
	.counter = 0x05d14f4ae92910ff,
	.packet =
	    "417c8f0480a0d65c000100020031a3f2b803e57a9e291a777c3eb65837463f6ddc3e1c2b52fad83d"
	    "297459170fd735c4fb0436ac878755284e010111a0b68f60139d0b5c87654fc58c65588854976b30"
	    "003e773d361c032b9ddc99d3",
	.plain =
	    "000100020031a3f2b803e57a9e291a777c3eb65837463f6ddc3e1c2b52fad83d297459170fd735c4"
	    "fb0436ac878755284e010111",
    },
};

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The system calls of asm-generic without 32-bit times, by number, with a letter for each argument.
//!
//! | letter | argument                        | letter | argument                     |
//! |--------|---------------------------------|--------|------------------------------|
//! | f      | file descriptor                 | i      | small number                 |
//! | p      | path                            | x      | flags                        |
//! | b      | buffer                          | l      | length                       |
//! | u      | structure                       | o      | half of a 64-bit offset      |
//! | v      | array of iovec                  | s      | signal                       |
//! | T      | timespec, soon                  | t      | process or thread            |
//! | S      | signal set                      | c      | ioctl                        |
//! | A      | socket address                  |        |                              |

/// Highest number in use, and a few beyond.
pub const NUMBERS: u32 = 480;

/// Calls whose arguments are known, `number:letters`; some more than once, to be made more often.
/// Others get arguments of no kind.
const CALLS: &str = "\
    0:iu 1:i 2:iiu 3:iuu 5:ppblx 7:fpblx 8:ppbl 10:fpbl 11:pbl 13:fbl 14:pp 16:fp 17:bl 19:ix \
    20:x 21:fifu 22:fuiiSl 23:f 24:ffx 25:fiu 25:fii 26:x 27:fpx 28:fi 29:fcu 29:fci 30:iti \
    31:it 32:fi 33:fpxi 34:fpi 35:fpx 36:pfp 37:fpfpx 39:px 40:pppxu 41:pp 43:plu 44:flu \
    45:poo 46:foo 47:fioooo 48:fpi 49:p 50:f 51:p 52:fi 53:fpi 54:fpiix 55:fii 56:fpxi 56:fpxi \
    57:f 58: 59:ux 61:fbl 62:foouI 63:fbl 63:fbl 64:fbl 64:fbl 65:fvi 66:fvi 67:fbloo 68:fbloo \
    69:fviii 70:fviii 71:fful 74:fSlx 75:fvix 76:fufulx 77:fflx 78:fpbl 81: 82:f 83:f \
    84:foooox 85:ix 89:p 90:uu 91:uu 92:x 93:i 94:i 95:ituxu 96:u 97:x 99:ul 100:tuu 102:iu \
    103:iuu 107:iuu 109:i 111:i 116:ibl 117:itul 118:tu 119:tiu 120:t 121:tu 122:tlu 123:tlu \
    124: 125:i 126:i 128: 129:ts 130:ts 131:tts 132:uu 133:Sl 134:suul 134:suul 135:iSul \
    136:ul 138:tsu 139: 140:iti 141:it 142:iiiu 143:ii 144:i 145:ii 146:i 147:iii 148:uuu \
    149:iii 150:uuu 151:i 152:i 153:u 154:tt 155:t 156:t 157: 158:iu 159:iu 160:u 161:bl \
    162:bl 163:iu 164:iu 165:iu 166:i 167:iuuuu 167:iiiii 168:uuu 170:uu 171:u 172: 173: 174: \
    175: 176: 177: 178: 179:u 180:pxiu 181:p 184:fu 185:fuu 186:ix 187:iiu 188:iblix 189:iblx \
    190:iix 191:iiiu 193:iui 194:ilx 195:iiu 196:iux 197:u 198:iii 199:iiiu 200:fAl 201:fi \
    202:fAu 203:fAl 204:fAu 205:fAu 206:fblxAl 207:fblxAu 208:fiiul 209:fiiuu 210:fi 211:fux \
    212:fux 213:fool 214:b 214:u 215:ul 216:ullxu 217:ppbli 218:pppi 219:iuuuu 220:xuuuu \
    220:xuuuu 221:puu 222:ulxxfi 222:ilxxfi 223:foooox 224:px 225:p 226:ulx 227:ulx 228:ul \
    229:ul 230:x 231: 232:ulu 233:uli 234:uliix 235:ulxuix 240:ttsu 241:utifx 242:fAux \
    260:tuxu 261:tiuu 262:xx 263:fxxxfp 264:fpuux 265:fux 267:f 268:fx 269:fuix 270:tvivix \
    271:tvivix 272:ttiff 273:fpx 274:tux 275:tulx 276:fpfpx 277:ixu 278:blx 279:px 280:iul \
    281:fpuux 282:x 283:ixi 284:ulx 285:fufulx 286:fviiix 287:fviiix 288:ulxi 289:xx 290:i \
    291:fpxxu 293:ulxx 403:iu 404:iu 405:iu 406:iu 407:ixTu 408:iu 409:ixuu 410:fu 411:fxuu \
    412:fpux 413:iuuuTu 414:uiTSl 416:iiiuTu 417:fuixT 418:fbliT 419:fbluT 420:iuiT 421:SuTl \
    422:uxiTui 422:uiiTui 423:tu 424:fsux 425:iu 426:fiixSl 427:fiui 428:fpx 429:fpfpx 430:px \
    431:fipui 432:fxx 433:fpx 434:tx 435:ul 435:ul 436:ffx 437:fpul 438:ffx 439:fpix 440:fvlix \
    441:fuiTSl 442:fpxul 443:fiiu 444:ulx 445:fiux 446:fx 447:x 448:fx 449:uixTi 450:uluix \
    451:fuux 452:fpix 453:uxi 454:uiix 455:uiixTi 456:uuii 457:uulx 458:uulx 459:iuux 460:iuux \
    461:uux 462:ulx";

/// The table.
pub fn known() -> Vec<(u32, &'static [u8])> {
    let entry = |word: &'static str| {
        let (number, letters) = word.split_once(':')?;
        Some((number.parse().ok()?, letters.as_bytes()))
    };
    CALLS.split_whitespace().filter_map(entry).collect()
}

const EXIT: u32 = 93;
const EXIT_GROUP: u32 = 94;

/// Calls that root does not make, because they do to the whole machine what they are made for:
/// restarting it, its clocks, its log, accounting of all, priorities and keys of all of root's
/// processes, and the terminal of others.
const LEFT_OUT_FOR_ROOT: &[u32] =
    &[142, 170, 171, 404, 405, 112, 266, 116, 89, 140, 30, 217, 218, 219, 58, 224, 225];

/// Is this call not to be made? Ending itself is the one thing that a victim may do too soon.
pub fn is_left_out(number: u32, is_root: bool, is_rare: bool) -> bool {
    match number {
        EXIT | EXIT_GROUP => !is_rare,
        _ => is_root && LEFT_OUT_FOR_ROOT.contains(&number),
    }
}

package org.wardian.process.control;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * QEMU's names of keys (QKeyCode, qapi/ui.json) as places on a PC keyboard: scan code set 1, plus
 * 0x100 for codes that begin with E0.
 */
final class KeyCodes {
  private static final String TABLE =
      """
      esc 01 1 02 2 03 3 04 4 05 5 06 6 07 7 08 8 09 9 0a 0 0b minus 0c equal 0d backspace 0e
      tab 0f q 10 w 11 e 12 r 13 t 14 y 15 u 16 i 17 o 18 p 19 bracket_left 1a bracket_right 1b
      ret 1c ctrl 1d a 1e s 1f d 20 f 21 g 22 h 23 j 24 k 25 l 26 semicolon 27 apostrophe 28
      grave_accent 29 shift 2a backslash 2b z 2c x 2d c 2e v 2f b 30 n 31 m 32 comma 33 dot 34
      slash 35 shift_r 36 kp_multiply 37 asterisk 37 alt 38 spc 39 caps_lock 3a f1 3b f2 3c f3 3d
      f4 3e f5 3f f6 40 f7 41 f8 42 f9 43 f10 44 num_lock 45 scroll_lock 46 kp_7 47 kp_8 48
      kp_9 49 kp_subtract 4a kp_4 4b kp_5 4c kp_6 4d kp_add 4e kp_1 4f kp_2 50 kp_3 51 kp_0 52
      kp_decimal 53 sysrq 54 less 56 f11 57 f12 58 kp_equals 59 f13 5d f14 5e f15 5f ro 73
      henkan 79 muhenkan 7b yen 7d kp_comma 7e hiragana 77 katakanahiragana 70 katakana 78
      kp_enter 11c ctrl_r 11d kp_divide 135 print 137 alt_r 138 pause 145 home 147 up 148
      pgup 149 left 14b right 14d end 14f down 150 pgdn 151 insert 152 delete 153 meta_l 15b
      meta_r 15c compose 15d menu 15d power 15e sleep 15f wake 163 audionext 119 audioprev 110
      audiostop 124 audioplay 122 audiomute 120 volumeup 130 volumedown 12e mail 16c
      calculator 121 computer 16b ac_home 132 ac_back 16a ac_forward 169 ac_refresh 167
      ac_bookmarks 166 mediaselect 16d stop 168 again 105 undo 107 copy 178 paste 165 find 141
      cut 13c help 175 props 106 front 10c open 164 lf 5b\
      """;

  private static final Map<String, Integer> CODES = codes();

  private KeyCodes() {}

  private static Map<String, Integer> codes() {
    Map<String, Integer> codes = new HashMap<>();
    String[] words = TABLE.split("\\s+");
    for (int i = 0; i + 1 < words.length; i += 2) {
      codes.put(words[i], Integer.parseInt(words[i + 1], 16));
    }
    return Map.copyOf(codes);
  }

  /** The place of a key; empty where there is none of that name. */
  static OptionalInt of(String name) {
    Integer code = CODES.get(name);
    return code == null ? OptionalInt.empty() : OptionalInt.of(code);
  }

  /**
   * The place of a number as {@code send-key} takes it: a scan code whose bit 7 says that it begins
   * with E0.
   */
  static int ofNumber(long number) {
    return (int) (number & 0x7f) | ((number & 0x80) == 0 ? 0 : 0x100);
  }
}

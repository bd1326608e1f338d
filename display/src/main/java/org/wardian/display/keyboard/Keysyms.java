package org.wardian.display.keyboard;

import java.util.HashMap;
import java.util.Map;

/**
 * Where the keys of a US keyboard (PC, 104 keys) are that X11 key symbols name (X Window System
 * Protocol, appendix A).
 */
public final class Keysyms {
  /** Left shift's place. */
  public static final int LEFT_SHIFT = 0x2a;

  /** Right shift's place. */
  public static final int RIGHT_SHIFT = 0x36;

  /** Capitals lock's place. */
  public static final int CAPITALS_LOCK = 0x3a;

  /** The right Alt key's place, which chooses the third character of a key on other layouts. */
  public static final int RIGHT_ALT = 0x138;

  private static final int UNICODE = 0x01000000;

  /** Rows of keys: the place of the first, what they give, and what they give with shift. */
  private record Row(int first, String plain, String shifted) {}

  private static final Row[] ROWS = {
    new Row(0x02, "1234567890-=", "!@#$%^&*()_+"),
    new Row(0x10, "qwertyuiop[]", "QWERTYUIOP{}"),
    new Row(0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~"),
    new Row(0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
  };

  /** Symbols that name a key whatever shift does: symbol, place. */
  private static final int[][] OTHERS = {
    {0x0020, 0x39}, // space
    {0xff08, 0x0e}, // BackSpace
    {0xff09, 0x0f}, // Tab
    {0xfe20, 0x0f}, // ISO_Left_Tab
    {0xff0a, 0x1c}, // Linefeed
    {0xff0d, 0x1c}, // Return
    {0xff13, 0x145}, // Pause
    {0xff14, 0x46}, // Scroll_Lock
    {0xff15, 0x137}, // Sys_Req
    {0xff1b, 0x01}, // Escape
    {0xffff, 0x153}, // Delete
    {0xff50, 0x147}, // Home
    {0xff51, 0x14b}, // Left
    {0xff52, 0x148}, // Up
    {0xff53, 0x14d}, // Right
    {0xff54, 0x150}, // Down
    {0xff55, 0x149}, // Page_Up
    {0xff56, 0x151}, // Page_Down
    {0xff57, 0x14f}, // End
    {0xff61, 0x137}, // Print
    {0xff63, 0x152}, // Insert
    {0xff67, 0x15d}, // Menu
    {0xff6b, 0x145}, // Break
    {0xff7e, 0x138}, // Mode_switch
    {0xfe03, 0x138}, // ISO_Level3_Shift
    {0xff7f, 0x45}, // Num_Lock
    {0xff80, 0x39}, // KP_Space
    {0xff89, 0x0f}, // KP_Tab
    {0xff8d, 0x11c}, // KP_Enter
    {0xff95, 0x47}, // KP_Home
    {0xff96, 0x4b}, // KP_Left
    {0xff97, 0x48}, // KP_Up
    {0xff98, 0x4d}, // KP_Right
    {0xff99, 0x50}, // KP_Down
    {0xff9a, 0x49}, // KP_Page_Up
    {0xff9b, 0x51}, // KP_Page_Down
    {0xff9c, 0x4f}, // KP_End
    {0xff9d, 0x4c}, // KP_Begin
    {0xff9e, 0x52}, // KP_Insert
    {0xff9f, 0x53}, // KP_Delete
    {0xffaa, 0x37}, // KP_Multiply
    {0xffab, 0x4e}, // KP_Add
    {0xffac, 0x53}, // KP_Separator
    {0xffad, 0x4a}, // KP_Subtract
    {0xffae, 0x53}, // KP_Decimal
    {0xffaf, 0x135}, // KP_Divide
    {0xffb0, 0x52}, // KP_0
    {0xffb1, 0x4f}, // KP_1
    {0xffb2, 0x50}, // KP_2
    {0xffb3, 0x51}, // KP_3
    {0xffb4, 0x4b}, // KP_4
    {0xffb5, 0x4c}, // KP_5
    {0xffb6, 0x4d}, // KP_6
    {0xffb7, 0x47}, // KP_7
    {0xffb8, 0x48}, // KP_8
    {0xffb9, 0x49}, // KP_9
    {0xffbd, 0x0d}, // KP_Equal
    {0xffbe, 0x3b}, // F1
    {0xffbf, 0x3c}, // F2
    {0xffc0, 0x3d}, // F3
    {0xffc1, 0x3e}, // F4
    {0xffc2, 0x3f}, // F5
    {0xffc3, 0x40}, // F6
    {0xffc4, 0x41}, // F7
    {0xffc5, 0x42}, // F8
    {0xffc6, 0x43}, // F9
    {0xffc7, 0x44}, // F10
    {0xffc8, 0x57}, // F11
    {0xffc9, 0x58}, // F12
    {0xffe1, LEFT_SHIFT}, // Shift_L
    {0xffe2, RIGHT_SHIFT}, // Shift_R
    {0xffe3, 0x1d}, // Control_L
    {0xffe4, 0x11d}, // Control_R
    {0xffe5, CAPITALS_LOCK}, // Caps_Lock
    {0xffe6, LEFT_SHIFT}, // Shift_Lock
    {0xffe7, 0x15b}, // Meta_L
    {0xffe8, 0x15c}, // Meta_R
    {0xffe9, 0x38}, // Alt_L
    {0xffea, RIGHT_ALT}, // Alt_R
    {0xffeb, 0x15b}, // Super_L
    {0xffec, 0x15c}, // Super_R
    {0xffed, 0x15b}, // Hyper_L
    {0xffee, 0x15c}, // Hyper_R
    {0x1008ff11, 0x12e}, // XF86AudioLowerVolume
    {0x1008ff12, 0x120}, // XF86AudioMute
    {0x1008ff13, 0x130}, // XF86AudioRaiseVolume
  };

  /** Dead keys of other layouts, which a US keyboard gives as characters: symbol, character. */
  private static final int[][] DEAD = {
    {0xfe50, '`'}, {0xfe51, '\''}, {0xfe52, '^'}, {0xfe53, '~'}, {0xfe57, '"'},
  };

  private static final Map<Integer, Key> KEYS = keys();

  /** What shift has to do with a key's symbol. */
  public enum Shift {
    /** The key gives its symbol without shift only. */
    WITHOUT,
    /** The key gives its symbol with shift only. */
    WITH,
    /** Shift does not matter. */
    EITHER
  }

  /**
   * A key.
   *
   * @param code its place, as {@link org.wardian.display.KeyReceiver} has it
   * @param shift what gives the symbol
   * @param letter whether capitals lock reverses {@code shift}
   */
  public record Key(int code, Shift shift, boolean letter) {}

  private Keysyms() {}

  private static Map<Integer, Key> keys() {
    Map<Integer, Key> keys = new HashMap<>();
    for (Row row : ROWS) {
      for (int i = 0; i < row.plain.length(); i++) {
        int plain = row.plain.charAt(i);
        boolean letter = plain >= 'a' && plain <= 'z';
        keys.put(plain, new Key(row.first + i, Shift.WITHOUT, letter));
        keys.put((int) row.shifted.charAt(i), new Key(row.first + i, Shift.WITH, letter));
      }
    }
    for (int[] other : OTHERS) {
      keys.put(other[0], new Key(other[1], Shift.EITHER, false));
    }
    for (int[] dead : DEAD) {
      keys.put(dead[0], keys.get(dead[1]));
    }
    return Map.copyOf(keys);
  }

  /** The key of a symbol; null where a US keyboard has none. */
  public static Key key(int symbol) {
    boolean ascii = symbol > UNICODE && symbol < UNICODE + 0x7f;
    return KEYS.get(ascii ? symbol - UNICODE : symbol);
  }
}

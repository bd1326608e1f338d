package org.wardian.daemon.domain;

import java.util.Map;
import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.constants.KeycodeSet;
import org.wardian.libvirt.error.LibvirtException;

/**
 * Numbers of keys of several sets, as QEMU's numbers: the scan code of set 1, with bit 7 for those
 * that have the prefix 0xe0. Source: linux/input-event-codes.h, IBM's scan code set 1.
 */
final class KeyNumbers {
  /** Keys of Linux up to here have the scan code of set 1 as their number. */
  private static final int SAME = 88;

  private static final Map<Integer, Integer> LINUX =
      Map.ofEntries(
          Map.entry(89, 0x73),
          Map.entry(92, 0x79),
          Map.entry(93, 0x70),
          Map.entry(94, 0x7b),
          Map.entry(96, 0x9c),
          Map.entry(97, 0x9d),
          Map.entry(98, 0xb5),
          Map.entry(99, 0x54),
          Map.entry(100, 0xb8),
          Map.entry(102, 0xc7),
          Map.entry(103, 0xc8),
          Map.entry(104, 0xc9),
          Map.entry(105, 0xcb),
          Map.entry(106, 0xcd),
          Map.entry(107, 0xcf),
          Map.entry(108, 0xd0),
          Map.entry(109, 0xd1),
          Map.entry(110, 0xd2),
          Map.entry(111, 0xd3),
          Map.entry(113, 0xa0),
          Map.entry(114, 0xae),
          Map.entry(115, 0xb0),
          Map.entry(116, 0xde),
          Map.entry(117, 0x59),
          Map.entry(119, 0xc6),
          Map.entry(124, 0x7d),
          Map.entry(125, 0xdb),
          Map.entry(126, 0xdc),
          Map.entry(127, 0xdd),
          Map.entry(142, 0xdf),
          Map.entry(143, 0xe3));

  private KeyNumbers() {}

  /**
   * QEMU's number of a key.
   *
   * @param set a number of {@link KeycodeSet}
   * @throws LibvirtException where the set is not known here, or has no such key
   */
  static int qnum(int set, int code) throws LibvirtException {
    KeycodeSet codes = KeycodeSet.of(set);
    Integer number =
        switch (codes) {
          case LINUX -> code > 0 && code <= SAME ? Integer.valueOf(code) : LINUX.get(code);
          case QNUM -> code > 0 && code <= 0xff ? Integer.valueOf(code) : null;
          case XT, ATSET1, XT_KBD -> scanCode(code);
          case null, default -> null;
        };
    if (number == null) {
      throw Refusal.badArgument(
          "cannot translate keycode "
              + Integer.toUnsignedString(code)
              + " of "
              + (codes == null ? "unknown" : codes.name().toLowerCase(java.util.Locale.ROOT))
              + " codeset to qnum keycode");
    }
    return number;
  }

  private static Integer scanCode(int code) {
    if (code > 0 && code < 0x80) {
      return code;
    }
    return (code & ~0xff) == 0xe000 ? Integer.valueOf(code & 0x7f | 0x80) : null;
  }
}

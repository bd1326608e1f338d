package org.wardian.display;

/** A keyboard that somebody types on. Any thread. */
@FunctionalInterface
public interface KeyReceiver {
  /**
   * A key goes down or up.
   *
   * @param code the key's place: scan code set 1 of a PC keyboard, 0x01 to 0x7f, plus 0x100 for
   *     keys whose codes begin with E0; 0x145 is Pause
   */
  void key(int code, boolean down);
}

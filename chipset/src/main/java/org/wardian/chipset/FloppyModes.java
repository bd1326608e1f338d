package org.wardian.chipset;

/**
 * What commands have set in a floppy disk controller for those that follow (82077AA data sheet §6).
 *
 * @param configuration second byte of CONFIGURE, 8 bits
 * @param precompensation third byte of CONFIGURE, 8 bits
 * @param perpendicular byte of PERPENDICULAR MODE, 8 bits
 * @param noDma whether SPECIFY asks for programmed transfers
 * @param locked whether LOCK keeps the configuration over a reset
 */
record FloppyModes(
    int configuration, int precompensation, int perpendicular, boolean noDma, boolean locked) {
  /** After power-on. */
  static final FloppyModes NONE = new FloppyModes(0, 0, 0, false, false);

  /** What a reset by the guest leaves. */
  FloppyModes afterReset() {
    return new FloppyModes(
        locked ? configuration : 0,
        locked ? precompensation : 0,
        perpendicular & 0x3c,
        false,
        locked);
  }

  FloppyModes withConfiguration(int value, int track) {
    return new FloppyModes(value, track, perpendicular, noDma, locked);
  }

  FloppyModes withPerpendicular(int value) {
    return new FloppyModes(configuration, precompensation, value, noDma, locked);
  }

  FloppyModes withNoDma(boolean value) {
    return new FloppyModes(configuration, precompensation, perpendicular, value, locked);
  }

  FloppyModes withLock(boolean value) {
    return new FloppyModes(configuration, precompensation, perpendicular, noDma, value);
  }
}

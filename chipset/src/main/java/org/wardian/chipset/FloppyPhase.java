package org.wardian.chipset;

/** What a floppy disk controller is doing (82077AA data sheet §5, and the medium's own time). */
enum FloppyPhase {
  /** It takes the bytes of a command. */
  COMMAND,
  /** Data by programmed transfers. */
  EXECUTION,
  /** The medium works. */
  BUSY,
  /** It gives the bytes of a result. */
  RESULT
}

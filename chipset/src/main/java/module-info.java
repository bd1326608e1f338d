/** The chips of the board, one file each. */
module org.wardian.chipset {
  requires transitive org.wardian.bus;

  exports org.wardian.chipset;
}

/** The chips of the board, one file each. */
module org.wardian.chipset {
  requires transitive org.wardian.bus;
  requires transitive org.wardian.memory;
  requires transitive org.wardian.storage;
  requires transitive org.wardian.network;
  requires transitive org.wardian.display;

  exports org.wardian.chipset;
}

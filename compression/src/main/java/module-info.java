/** Compressed formats, packed and unpacked in plain Java. */
module org.wardian.compression {
  exports org.wardian.compression;
}

/** Disk images and the block layer: formats, chains, snapshots, limits, locks. */
module org.wardian.storage {
  requires transitive org.wardian.host;
  requires java.xml;
  requires org.wardian.compression;

  exports org.wardian.storage;
  exports org.wardian.storage.bitmap;
  exports org.wardian.storage.imports;
  exports org.wardian.storage.nbd;
  exports org.wardian.storage.device;
  exports org.wardian.storage.job;
  exports org.wardian.storage.operation;
  exports org.wardian.storage.qcow2;
  exports org.wardian.storage.share;
}

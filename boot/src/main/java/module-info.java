/** Kernel loaders, firmware tables, the initramfs writer and the guest catalogue. */
module org.wardian.boot {
  requires org.wardian.compression;
  requires com.fasterxml.jackson.core;
  requires org.apache.commons.compress;
  requires org.tukaani.xz;
  requires org.bouncycastle.pg;
  requires org.bouncycastle.provider;

  exports org.wardian.boot;
  exports org.wardian.boot.acpi;
  exports org.wardian.boot.catalogue;
  exports org.wardian.boot.initramfs;
  exports org.wardian.boot.seed;
}

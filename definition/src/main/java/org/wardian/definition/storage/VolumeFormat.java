package org.wardian.definition.storage;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Formats of a volume in a pool of files, in libvirt's order. */
public enum VolumeFormat {
  /** Not known. */
  NONE,
  /** The disk itself. */
  RAW,
  /** A folder. */
  DIR,
  /** Bochs. */
  BOCHS,
  /** Compressed loop. */
  CLOOP,
  /** Apple. */
  DMG,
  /** ISO 9660. */
  ISO,
  /** Virtual PC. */
  VPC,
  /** VirtualBox. */
  VDI,
  /** A folder shown as a disk. */
  FAT,
  /** Virtual hard disk, by its other name. */
  VHD,
  /** Parallels. */
  PLOOP,
  /** User-mode Linux. */
  COW,
  /** QEMU's, version 1. */
  QCOW,
  /** QEMU's, versions 2 and 3. */
  QCOW2,
  /** QEMU's enhanced disk. */
  QED,
  /** VMware. */
  VMDK;

  /** The name in documents. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The format of a name. */
  public static Optional<VolumeFormat> of(String text) {
    return Arrays.stream(values()).filter(format -> format.text().equals(text)).findFirst();
  }
}

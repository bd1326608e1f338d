package org.wardian.storage.imports;

import java.util.Optional;
import org.wardian.storage.ImageFormat;

/** What a file may be that is neither raw nor qcow2. */
public enum ImportFormat {
  /** VMware: sparse, flat, split, stream-optimised. */
  VMDK(ImageFormat.VMDK, "VMware disk"),
  /** VirtualBox: dynamic and static. */
  VDI(ImageFormat.VDI, "VirtualBox disk"),
  /** Virtual PC and Hyper-V: fixed, dynamic, differencing. */
  VHD(ImageFormat.VHD, "Virtual PC disk"),
  /** Hyper-V: fixed, dynamic, differencing. */
  VHDX(ImageFormat.VHDX, "Hyper-V disk"),
  /** A virtual machine in one file: its disks are VMDK. */
  OVA(ImageFormat.OVA, "virtual appliance"),

  /** VMware ESX 2 and 3 snapshots. */
  COWD(
      "vmfsSparse",
      "VMware ESX snapshot (COWD)",
      "have vmkfstools -i write it as monolithicSparse"),
  /** VMware ESXi 5 snapshots. */
  SESPARSE("seSparse", "VMware ESXi snapshot", "have vmkfstools -i write it as monolithicSparse"),
  /** A VMDK's text part, of a machine and not a disk. */
  OVF("ovf", "virtual appliance's description", "give one of the VMDK files that it names"),
  /** Apple. */
  DMG(
      "dmg",
      "Apple disk image",
      "write it as raw first: qemu-img convert -f dmg -O raw, or dmg2img"),
  /** Parallels. */
  PARALLELS(
      "parallels", "Parallels disk", "write it as raw first: qemu-img convert -f parallels -O raw"),
  /** QEMU's first copy-on-write format. */
  QCOW1("qcow", "qcow version 1 image", "write it as qcow2 first: qemu-img convert -O qcow2"),
  /** QEMU's abandoned one. */
  QED("qed", "QED image", "write it as qcow2 first: qemu-img convert -f qed -O qcow2"),
  /** Bochs. */
  BOCHS("bochs", "Bochs growing image", "write it as raw first: qemu-img convert -f bochs -O raw"),
  /** Compressed loop images. */
  CLOOP(
      "cloop", "compressed loop image", "write it as raw first: qemu-img convert -f cloop -O raw"),
  /** EnCase. */
  EWF("e01", "forensic image (EWF)", "write it as raw first: ewfexport"),
  /** Windows installation images. */
  WIM("wim", "Windows imaging file", "it holds files and no disk; apply it with wimlib-imagex"),
  /** gzip. */
  GZIP("gzip", "file compressed by gzip", "unpack it first: gunzip"),
  /** xz. */
  XZ("xz", "file compressed by xz", "unpack it first: unxz"),
  /** bzip2. */
  BZIP2("bzip2", "file compressed by bzip2", "unpack it first: bunzip2"),
  /** Zstandard. */
  ZSTD("zstd", "file compressed by Zstandard", "unpack it first: unzstd"),
  /** LZ4. */
  LZ4("lz4", "file compressed by LZ4", "unpack it first: unlz4"),
  /** zip. */
  ZIP("zip", "zip archive", "unpack it first: unzip"),
  /** 7z. */
  SEVEN_ZIP("7z", "7z archive", "unpack it first: 7z x");

  private final ImageFormat image;
  private final String label;
  private final String description;
  private final String advice;

  ImportFormat(ImageFormat image, String description) {
    this.image = image;
    this.label = image.text();
    this.description = description;
    this.advice = null;
  }

  ImportFormat(String label, String description, String advice) {
    this.image = null;
    this.label = label;
    this.description = description;
    this.advice = advice;
  }

  /** What {@link Imports} opens it as; empty where it is only told by name. */
  public Optional<ImageFormat> image() {
    return Optional.ofNullable(image);
  }

  /** What it is, in a few words. */
  public String description() {
    return description;
  }

  /** The clear refusal of a file of a format that is only told by name. */
  public ImportException refusal(String name) {
    return new ImportException(
        name, "is " + article() + description + ", which ward does not read; " + advice);
  }

  private String article() {
    return "AEIOU".indexOf(Character.toUpperCase(description.charAt(0))) >= 0 ? "an " : "a ";
  }

  /** The word for it in options and output. */
  @Override
  public String toString() {
    return label;
  }
}

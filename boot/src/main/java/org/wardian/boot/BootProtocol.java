package org.wardian.boot;

/** How control passes to a kernel. */
public enum BootProtocol {
  /**
   * The best that the image offers: PVH, else multiboot, else the Linux boot protocol, else the
   * image's own decompressor.
   */
  AUTO,
  /**
   * PVH: 32-bit entry named by an ELF note, with {@code hvm_start_info} in ebx (Xen, {@code
   * docs/misc/pvh.pandoc}).
   */
  PVH,
  /**
   * The Linux boot protocol at the entry point of the unpacked kernel, with {@code boot_params} in
   * rsi or esi: 64-bit for an x86-64 kernel, 32-bit for an i386 one (Linux, {@code
   * Documentation/arch/x86/boot.rst}).
   */
  LINUX,
  /**
   * The Linux boot protocol at the entry point of a bzImage, which then unpacks itself inside the
   * guest. Slow, but it also randomizes the kernel's address and needs no format known to the host.
   */
  LINUX_DECOMPRESSOR,
  /** Multiboot 1: 32-bit entry, information structure in ebx. */
  MULTIBOOT
}

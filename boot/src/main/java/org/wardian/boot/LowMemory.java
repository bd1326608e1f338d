package org.wardian.boot;

/**
 * The map of the first mebibyte as the loaders leave it. Everything a loader hands to a kernel, its
 * image and its modules apart, lies here, below the extended BIOS data area, in pages that no
 * kernel image may claim.
 *
 * <pre>
 * 0x00000 - 0x00fff  left zero: real-mode vectors and BIOS data area
 * 0x01000 - 0x01fff  global descriptor table
 * 0x06000 - 0x06fff  PVH hvm_start_info, module list, memory map
 * 0x07000 - 0x07fff  Linux boot_params (the zero page)
 * 0x09000 - 0x0efff  page tables for the 64-bit entry: PML4, PDPT, four page directories
 * 0x10000 - 0x1ffff  multiboot information, module list, memory map, module command lines
 * 0x20000 - 0x2ffff  kernel command line
 * 0x30000 - 0x9efff  free: a multiboot image may be loaded here
 * 0xe0000 - 0xfffff  ACPI tables, the root pointer first
 * </pre>
 */
public final class LowMemory {

  /** Global descriptor table. */
  public static final long GDT = 0x1000;

  /** PVH {@code hvm_start_info}; the module list and the memory map follow it. */
  public static final long PVH_START_INFO = 0x6000;

  /** Linux {@code boot_params}, one page. */
  public static final long ZERO_PAGE = 0x7000;

  /** Top-level page table (PML4) of the 64-bit entry. */
  public static final long PML4 = 0x9000;

  /** Page-directory-pointer table. */
  public static final long PAGE_DIRECTORY_POINTERS = 0xa000;

  /** First of four page directories, which map 4 GiB with 2 MiB pages. */
  public static final long PAGE_DIRECTORIES = 0xb000;

  /** Multiboot information structure; lists and strings follow it. */
  public static final long MULTIBOOT_INFORMATION = 0x10000;

  /** End of the multiboot area. */
  public static final long MULTIBOOT_END = 0x20000;

  /** Kernel command line, NUL-terminated. */
  public static final long COMMAND_LINE = 0x20000;

  /** Bytes kept for the command line and its NUL. */
  public static final int COMMAND_LINE_CAPACITY = 0x10000;

  /** First byte that the loaders do not use. */
  public static final long LOADER_END = 0x30000;

  /** First byte of the legacy ROM area, where a guest scans for the ACPI root pointer. */
  public static final long ACPI_TABLES = 0xe0000;

  /** End of the first mebibyte. */
  public static final long ACPI_END = 0x100000;

  private LowMemory() {}
}

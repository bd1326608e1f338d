package org.wardian.boot;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/**
 * Puts a kernel, its modules and what it expects to find into guest memory.
 *
 * <p>The payload of a bzImage is unpacked here and loaded at the physical addresses that it was
 * linked for. The guest's own decompressor, with its address randomization (KASLR), does not run,
 * and the relocation table behind the payload is not needed. Who wants either takes {@link
 * BootProtocol#LINUX_DECOMPRESSOR}.
 */
public final class BootLoader {

  /** COMMAND_LINE_SIZE of Linux on x86, less the NUL: for images without a set-up header. */
  private static final int LINUX_COMMAND_LINE = 2047;

  private static final long INITRD_ADDRESS_MAX = 0x7fffffffL;
  private static final long FOUR_GIB = 1L << 32;
  private static final long DECOMPRESSOR_ENTRY_64 = 0x200;

  private final BootParameters parameters;
  private final GuestRam ram;
  private final RamLayout layout;

  private BootLoader(BootParameters parameters, GuestRam ram) {
    this.parameters = parameters;
    this.ram = ram;
    this.layout = new RamLayout(parameters.memoryMap());
  }

  /**
   * Loads a kernel.
   *
   * @param kernel the image
   * @param parameters how to enter it, and what to hand it
   * @param ram guest memory, which the map in {@code parameters} describes; zero where not written
   * @return the state of the boot processor at its first instruction
   * @throws KernelFormatException when the image is damaged, or has no entry for the protocol
   * @throws BootException when something does not fit
   */
  public static BootState load(KernelImage kernel, BootParameters parameters, GuestRam ram)
      throws BootException {
    return new BootLoader(parameters, ram).load(kernel);
  }

  private BootState load(KernelImage kernel) throws BootException {
    layout.requireLowMemory();
    BootState state =
        switch (kernel) {
          case BzImage image -> bzImage(image);
          case ElfKernel elf -> elf(elf);
          case MultibootKernel image -> multibootKernel(image);
        };
    writeDescriptorTable(state);
    return state;
  }

  private BootState bzImage(BzImage image) throws BootException {
    return switch (parameters.protocol()) {
      case MULTIBOOT -> throw noEntry("a Linux bzImage", "multiboot");
      case LINUX_DECOMPRESSOR -> decompressor(image);
      case PVH, LINUX -> unpacked(image, unpack(image));
      case AUTO -> {
        try {
          image.payloadFormat();
        } catch (KernelFormatException e) {
          // Too old, or a compression not known here; the image itself knows it.
          yield decompressor(image);
        }
        yield unpacked(image, unpack(image));
      }
    };
  }

  private ElfImage unpack(BzImage image) throws BootException {
    if (image.unpackedSize() > layout.ramSize()) {
      throw new BootException(
          "the kernel unpacks to %s, and the machine has %s of memory: give it more (--memory)"
              .formatted(Sizes.format(image.unpackedSize()), Sizes.format(layout.ramSize())));
    }
    return image.unpack(KernelImage.MAX_SIZE);
  }

  private BootState unpacked(BzImage image, ElfImage elf) throws BootException {
    loadElf(elf);
    // The kernel may use init_size bytes from its start before it reads the memory map.
    long start = LoadSegment.lowest(elf.segments());
    long end = LoadSegment.highest(elf.segments());
    if (layout.isRam(start, image.initSize()) && image.initSize() > end - start) {
      layout.take(start, image.initSize());
    }
    BootProtocol protocol = parameters.protocol();
    if (protocol == BootProtocol.AUTO) {
      protocol = prefersPvh(elf) ? BootProtocol.PVH : BootProtocol.LINUX;
    }
    writeCommandLine(image.commandLineLimit());
    Placed initrd = placeInitrd(image.initrdAddressMax());
    if (protocol == BootProtocol.PVH) {
      return pvh(elf, initrd);
    }
    LinuxBootParams zeroPage = new LinuxBootParams(image, start);
    return linux(elf, zeroPage, initrd);
  }

  /** A kernel with the entry of a Linux too hears of the screen there. */
  private boolean prefersPvh(ElfImage elf) {
    return elf.pvhEntry().isPresent() && !(parameters.textScreen() && elf.highHalf());
  }

  private BootState elf(ElfKernel kernel) throws BootException {
    ElfImage elf = kernel.elf();
    BootProtocol protocol = parameters.protocol();
    if (protocol == BootProtocol.AUTO) {
      protocol =
          prefersPvh(elf)
              ? BootProtocol.PVH
              : kernel.multiboot().isPresent() ? BootProtocol.MULTIBOOT : BootProtocol.LINUX;
    }
    loadElf(elf);
    switch (protocol) {
      case PVH -> {
        writeCommandLine(LINUX_COMMAND_LINE);
        return pvh(elf, placeInitrd(INITRD_ADDRESS_MAX));
      }
      case LINUX -> {
        if (!elf.highHalf()) {
          throw noEntry("an ELF file that is not a Linux vmlinux", "the Linux boot protocol");
        }
        writeCommandLine(LINUX_COMMAND_LINE);
        LinuxBootParams zeroPage = new LinuxBootParams(LoadSegment.lowest(elf.segments()));
        return linux(elf, zeroPage, placeInitrd(INITRD_ADDRESS_MAX));
      }
      case MULTIBOOT -> {
        if (kernel.multiboot().isEmpty()) {
          throw noEntry("an ELF file without multiboot header", "multiboot");
        }
        return multiboot(elf.entry(), elf.segments());
      }
      default -> throw noEntry("an ELF file, which is not compressed", "a decompressor");
    }
  }

  private BootState multibootKernel(MultibootKernel kernel) throws BootException {
    if (parameters.protocol() != BootProtocol.AUTO
        && parameters.protocol() != BootProtocol.MULTIBOOT) {
      throw noEntry("a multiboot image", "any other protocol");
    }
    loadSegments(kernel.segments(), kernel.file());
    return multiboot(kernel.header().entry(), kernel.segments());
  }

  private static KernelFormatException noEntry(String what, String protocol) {
    return new KernelFormatException(
        "%s has no entry for %s; leave the boot protocol to be chosen".formatted(what, protocol));
  }

  private void loadElf(ElfImage elf) throws BootException {
    loadSegments(elf.segments(), elf.data());
  }

  /** Checks all segments before the first byte is written. */
  private void loadSegments(List<LoadSegment> segments, byte[] image) throws BootException {
    long lowest = LoadSegment.lowest(segments);
    long highest = LoadSegment.highest(segments);
    for (LoadSegment segment : segments) {
      if (!layout.isRam(segment.physical(), segment.memorySize())) {
        layout.requireKernel(lowest, highest - lowest);
      }
      layout.requireKernel(segment.physical(), segment.memorySize());
    }
    for (LoadSegment segment : segments) {
      segment.load(image, ram);
    }
  }

  private void requireEntry(long entry, List<LoadSegment> segments) throws KernelFormatException {
    for (LoadSegment segment : segments) {
      if (entry >= segment.physical() && entry < segment.end()) {
        return;
      }
    }
    throw new KernelFormatException(
        "damaged kernel: its entry 0x%x is outside of it; fetch it again".formatted(entry));
  }

  private BootState pvh(ElfImage elf, Placed initrd) throws BootException {
    OptionalLong entry = elf.pvhEntry();
    if (entry.isEmpty()) {
      throw noEntry("a kernel without PVH note", "PVH");
    }
    requireEntry(entry.getAsLong(), elf.segments());
    byte[] info =
        PvhStartInfo.build(
            parameters.memoryMap(), parameters.rsdp(), initrd.address, initrd.length);
    ram.write(LowMemory.PVH_START_INFO, info, 0, info.length);
    return BootState.protected32(
        BootProtocol.PVH, entry.getAsLong(), 0, LowMemory.PVH_START_INFO, 0);
  }

  private BootState linux(ElfImage elf, LinuxBootParams zeroPage, Placed initrd)
      throws BootException {
    requireEntry(elf.entry(), elf.segments());
    writeZeroPage(zeroPage, initrd);
    if (elf.machine() == ElfImage.EM_X86_64) {
      writePageTables();
      return BootState.long64(BootProtocol.LINUX, elf.entry(), LowMemory.ZERO_PAGE);
    }
    return BootState.protected32(BootProtocol.LINUX, elf.entry(), 0, 0, LowMemory.ZERO_PAGE);
  }

  private BootState decompressor(BzImage image) throws BootException {
    long address = image.preferredAddress();
    layout.requireKernel(address, image.initSize());
    image.protectedModePart(address).load(image.file(), ram);
    writeCommandLine(image.commandLineLimit());
    writeZeroPage(new LinuxBootParams(image, address), placeInitrd(image.initrdAddressMax()));
    if (image.has64BitEntry()) {
      writePageTables();
      return BootState.long64(
          BootProtocol.LINUX_DECOMPRESSOR, address + DECOMPRESSOR_ENTRY_64, LowMemory.ZERO_PAGE);
    }
    return BootState.protected32(
        BootProtocol.LINUX_DECOMPRESSOR, address, 0, 0, LowMemory.ZERO_PAGE);
  }

  private BootState multiboot(long entry, List<LoadSegment> segments) throws BootException {
    requireEntry(entry, segments);
    MultibootInformation information = new MultibootInformation(layout, parameters.memoryMap());
    information.commandLine(writeCommandLine(LowMemory.COMMAND_LINE_CAPACITY - 1));
    long floor = Math.max(LoadSegment.highest(segments), 0x100000);
    for (BootModule module : parameters.modules()) {
      long length = module.data().length;
      long place = layout.lowest(Math.max(length, 1), floor, FOUR_GIB);
      if (place < 0) {
        throw new BootException(
            "a module of %s does not fit beside the kernel in %s of memory: give the machine more"
                    .formatted(Sizes.format(length), Sizes.format(layout.ramSize()))
                + " (--memory)");
      }
      layout.take(place, Math.max(length, 1));
      ram.write(place, module.data(), 0, module.data().length);
      information.module(place, length, module.commandLine());
    }
    byte[] area = information.build();
    ram.write(LowMemory.MULTIBOOT_INFORMATION, area, 0, area.length);
    return BootState.protected32(
        BootProtocol.MULTIBOOT,
        entry,
        MultibootInformation.LOADER_MAGIC,
        LowMemory.MULTIBOOT_INFORMATION,
        0);
  }

  private record Placed(long address, long length) {}

  /** Puts the initrd as high as the kernel lets it be. */
  private Placed placeInitrd(long addressMax) throws BootException {
    if (parameters.modules().isEmpty()) {
      return new Placed(0, 0);
    }
    if (parameters.modules().size() > 1) {
      throw new BootException(
          "Linux takes one initrd, and %d were given: join them into one file"
              .formatted(parameters.modules().size()));
    }
    byte[] initrd = parameters.modules().getFirst().data();
    if (initrd.length == 0) {
      return new Placed(0, 0);
    }
    long ceiling = Math.min(addressMax + 1, FOUR_GIB);
    long place = layout.highest(initrd.length, ceiling);
    if (place < 0) {
      throw new BootException(
          "the initrd of %s does not fit beside the kernel below %s in %s of memory: "
                  .formatted(
                      Sizes.format(initrd.length),
                      Sizes.format(ceiling),
                      Sizes.format(layout.ramSize()))
              + "give the machine more (--memory) or a smaller initrd");
    }
    ram.write(place, initrd, 0, initrd.length);
    return new Placed(place, initrd.length);
  }

  private void writeZeroPage(LinuxBootParams zeroPage, Placed initrd) {
    zeroPage.commandLine(LowMemory.COMMAND_LINE);
    zeroPage.initrd(initrd.address, initrd.length);
    zeroPage.rsdp(parameters.rsdp());
    zeroPage.memoryMap(parameters.memoryMap());
    if (parameters.textScreen()) {
      zeroPage.textScreen();
    }
    byte[] page = zeroPage.toByteArray();
    ram.write(LowMemory.ZERO_PAGE, page, 0, page.length);
  }

  /** Writes the command line with its NUL and returns its address. */
  private long writeCommandLine(int limit) throws BootException {
    byte[] text = parameters.commandLine().getBytes(StandardCharsets.UTF_8);
    int most = Math.min(limit, LowMemory.COMMAND_LINE_CAPACITY - 1);
    if (text.length > most) {
      throw new BootException(
          "the kernel command line has %d bytes, and this kernel takes %d: shorten it"
              .formatted(text.length, most));
    }
    for (byte b : text) {
      if (b == 0) {
        throw new BootException("the kernel command line contains a NUL character: remove it");
      }
    }
    ram.write(LowMemory.COMMAND_LINE, Arrays.copyOf(text, text.length + 1), 0, text.length + 1);
    return LowMemory.COMMAND_LINE;
  }

  private void writeDescriptorTable(BootState state) {
    byte[] table = new byte[BootState.DESCRIPTOR_COUNT * 8];
    for (int selector = 0; selector < table.length; selector += 8) {
      LittleEndian.put64(table, selector, state.descriptor(selector));
    }
    ram.write(state.gdtBase(), table, 0, table.length);
  }

  /** Maps the first 4 GiB one to one with 2 MiB pages (Intel SDM vol. 3 §4.5). */
  private void writePageTables() {
    byte[] tables = new byte[6 * 4096];
    LittleEndian.put64(tables, 0, LowMemory.PAGE_DIRECTORY_POINTERS | 3);
    for (int i = 0; i < 4; i++) {
      LittleEndian.put64(tables, 4096 + i * 8, LowMemory.PAGE_DIRECTORIES + i * 4096L | 3);
    }
    for (int i = 0; i < 2048; i++) {
      LittleEndian.put64(tables, 8192 + i * 8, (long) i << 21 | 0x83);
    }
    ram.write(LowMemory.PML4, tables, 0, tables.length);
  }
}

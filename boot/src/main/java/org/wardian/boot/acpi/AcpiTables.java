package org.wardian.boot.acpi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.wardian.boot.GuestRam;
import org.wardian.boot.LowMemory;

/**
 * Writes a board's ACPI tables into the ROM area below 1 MiB: the root pointer at {@link
 * LowMemory#ACPI_TABLES}, where a guest without a pointer from its loader finds it, and all others
 * behind it.
 */
public final class AcpiTables {

  private static final int RSDP_SIZE = 36;
  private static final int FACS_SIZE = 64;

  /** Behind the root pointer, on a 64-byte boundary. */
  private static final int FACS_OFFSET = 64;

  private static final int FACS_SIGNATURE = 0x53434146; // FACS
  private static final int FACS_WAKING_VECTOR = 12;
  private static final int FADT_SIZE = 276;
  private static final int LAST_NARROW = 254;

  // FADT feature flags, §5.2.9 table 5.10.
  private static final int WBINVD = 1;
  private static final int PROC_C1 = 1 << 2;
  private static final int SLEEP_BUTTON_NOT_FIXED = 1 << 5;
  private static final int RTC_WAKE_NOT_FIXED = 1 << 6;
  private static final int TIMER_32_BITS = 1 << 8;
  private static final int RESET_REGISTER = 1 << 10;

  // IA-PC boot architecture flags, table 5.11.
  private static final int LEGACY_DEVICES = 1;
  private static final int KEYBOARD_CONTROLLER = 1 << 1;
  private static final int NO_VGA = 1 << 2;
  private static final int NO_CMOS_CLOCK = 1 << 5;

  private static final int LEVEL_ACTIVE_HIGH = 0xd;

  /** Intel's vendor ID, legacy replacement, 64 bits, three comparators, revision 1. */
  private static final long HPET_BLOCK_ID = 0x8086a201L;

  private static final int HPET_LEAST_TICK = 0x80;

  // Where tables hold the addresses of others.
  private static final int FADT_FACS = 36;
  private static final int FADT_DSDT = 40;
  private static final int FADT_X_DSDT = 140;

  /** A number of {@code size} bytes in the tables that is the address of one. */
  record Pointer(int offset, int size) {}

  /** Where a table lies. */
  record Extent(int offset, int length) {}

  private final AcpiConfiguration board;
  private final long base;
  private final ByteBuffer area;
  private final List<Pointer> pointers = new ArrayList<>();
  private final List<Extent> checksummed = new ArrayList<>();

  /** Tables that will lie at guest-physical {@code base}. */
  AcpiTables(AcpiConfiguration board, long base) {
    this.board = board;
    this.base = base;
    this.area =
        ByteBuffer.allocate((int) (LowMemory.ACPI_END - LowMemory.ACPI_TABLES))
            .order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Writes the tables.
   *
   * @param board what they describe
   * @param ram guest memory, which must take writes from {@link LowMemory#ACPI_TABLES} to {@link
   *     LowMemory#ACPI_END}
   * @return guest-physical address of the root pointer
   */
  public static long write(AcpiConfiguration board, GuestRam ram) {
    byte[] tables = build(board);
    ram.write(LowMemory.ACPI_TABLES, tables, 0, tables.length);
    return LowMemory.ACPI_TABLES;
  }

  /**
   * Where a guest that sleeps with its memory kept wants to go on: the FACS's firmware waking
   * vector (ACPI specification 6.5, §5.2.10).
   *
   * @param ram reads guest memory, into which {@link #write} wrote
   * @return an address below 1 MiB; none where the guest left none, or no FACS
   */
  public static OptionalInt wakingVector(Reader ram) {
    ByteBuffer facs = ByteBuffer.allocate(FACS_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    ram.read(LowMemory.ACPI_TABLES + FACS_OFFSET, facs.array(), 0, FACS_SIZE);
    int vector = facs.getInt(FACS_WAKING_VECTOR);
    boolean there = facs.getInt(0) == FACS_SIGNATURE && vector > 0 && vector < LowMemory.ACPI_END;
    return there ? OptionalInt.of(vector) : OptionalInt.empty();
  }

  /** Reads guest memory. */
  @FunctionalInterface
  public interface Reader {
    /** Reads {@code length} bytes at guest-physical {@code gpa}, which is RAM. */
    void read(long gpa, byte[] data, int offset, int length);
  }

  /** All tables as they lie from {@link LowMemory#ACPI_TABLES} on. */
  static byte[] build(AcpiConfiguration board) {
    return new AcpiTables(board, LowMemory.ACPI_TABLES).build();
  }

  /** Every pointer from one table to another, the root pointer's apart. */
  List<Pointer> pointers() {
    return pointers;
  }

  /** Every table with a checksum in its header. */
  List<Extent> checksummed() {
    return checksummed;
  }

  /** The root pointer, then all tables. Once. */
  byte[] build() {
    area.position(RSDP_SIZE);
    long facs = place(facs());
    long dsdt = table(AcpiTable.of("DSDT", 2, DifferentiatedDescription.code(board)).toByteArray());
    List<Long> tables = new ArrayList<>();
    long fadt = table(fadt(facs, dsdt));
    for (int field : new int[] {FADT_FACS, FADT_DSDT}) {
      pointers.add(new Pointer((int) (fadt - base) + field, 4));
    }
    pointers.add(new Pointer((int) (fadt - base) + FADT_X_DSDT, 8));
    tables.add(fadt);
    tables.add(table(madt()));
    tables.add(table(mcfg()));
    if (board.legacy().hpet() != 0) {
      tables.add(table(hpet(board.legacy().hpet())));
    }
    AcpiTable xsdt = new AcpiTable("XSDT", 1, AcpiTable.HEADER + tables.size() * 8);
    tables.forEach(xsdt::u64);
    long root = table(xsdt.toByteArray());
    for (int i = 0; i < tables.size(); i++) {
      pointers.add(new Pointer((int) (root - base) + AcpiTable.HEADER + 8 * i, 8));
    }
    byte[] rsdp = rsdp(root);
    area.put(0, rsdp);
    byte[] used = new byte[area.position()];
    area.get(0, used);
    return used;
  }

  /** Appends a table on a 64-byte boundary, which FACS needs, and returns its address. */
  private long place(byte[] table) {
    area.position(area.position() + 63 & -64);
    long address = base + area.position();
    area.put(table);
    return address;
  }

  private long table(byte[] table) {
    long address = place(table);
    checksummed.add(new Extent((int) (address - base), table.length));
    return address;
  }

  /** Root system description pointer, revision 2 (§5.2.5.3). It names no RSDT. */
  private static byte[] rsdp(long xsdt) {
    ByteBuffer rsdp = ByteBuffer.allocate(RSDP_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    rsdp.put("RSD PTR ".getBytes(StandardCharsets.US_ASCII));
    rsdp.put((byte) 0);
    rsdp.put("WARDN ".getBytes(StandardCharsets.US_ASCII));
    rsdp.put((byte) 2);
    rsdp.putInt(0);
    rsdp.putInt(RSDP_SIZE);
    rsdp.putLong(xsdt);
    byte[] bytes = rsdp.array();
    bytes[8] = AcpiTable.checksum(bytes, 0, 20);
    bytes[32] = AcpiTable.checksum(bytes, 0, RSDP_SIZE);
    return bytes;
  }

  /** Firmware ACPI control structure (§5.2.10): no checksum, everything zero but its version. */
  private static byte[] facs() {
    ByteBuffer facs = ByteBuffer.allocate(FACS_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    facs.put("FACS".getBytes(StandardCharsets.US_ASCII));
    facs.putInt(FACS_SIZE);
    facs.put(32, (byte) 2);
    return facs.array();
  }

  /**
   * Fixed ACPI description table, revision 6 (§5.2.9). ACPI mode is always on (no SMI command), the
   * power button is the fixed one; general-purpose events tell of PCI devices that come and go.
   */
  private byte[] fadt(long facs, long dsdt) {
    AcpiConfiguration.PowerManagement pm = board.powerManagement();
    int eventPort = board.hotplug().map(AcpiConfiguration.Hotplug::eventPort).orElse(0);
    int eventLength = board.hotplug().map(AcpiConfiguration.Hotplug::eventLength).orElse(0);
    AcpiTable fadt = new AcpiTable("FACP", 6, FADT_SIZE);
    fadt.u32(facs).u32(dsdt);
    fadt.u8(0).u8(0).u16(board.interrupts().sci());
    // SMI command port, and the values for it.
    fadt.u32(0).zeros(4);
    fadt.u32(pm.eventPort()).u32(0).u32(pm.controlPort()).u32(0);
    fadt.u32(0).u32(pm.timerPort()).u32(eventPort).u32(0);
    // Lengths: PM1 event, PM1 control, PM2 control, PM timer, GPE0, GPE1; GPE1 base; C-state port.
    fadt.u8(4).u8(2).u8(0).u8(4).u8(eventLength).u8(0).u8(0).u8(0);
    // C2 and C3 latencies that mean "not there"; no cache flush by reading; no duty cycle.
    fadt.u16(0xffff).u16(0xffff).u16(0).u16(0).u8(0).u8(0);
    fadt.u8(0).u8(0).u8(board.legacy().centuryIndex());
    fadt.u16(bootArchitecture()).u8(0);
    fadt.u32(
        WBINVD
            | PROC_C1
            | SLEEP_BUTTON_NOT_FIXED
            | RTC_WAKE_NOT_FIXED
            | TIMER_32_BITS
            | RESET_REGISTER);
    fadt.port(pm.resetPort(), 8, 1).u8(pm.resetValue());
    // ARM boot flags, minor version; FACS by its 32-bit address alone, DSDT by both.
    fadt.u16(0).u8(5).u64(0).u64(dsdt);
    // PM1 a and b event, PM1 a and b control, PM2 control, PM timer, GPE0, GPE1.
    fadt.port(pm.eventPort(), 32, 2).noAddress().port(pm.controlPort(), 16, 2).noAddress();
    fadt.noAddress().port(pm.timerPort(), 32, 4);
    if (eventLength > 0) {
      fadt.port(eventPort, eventLength * Byte.SIZE, 1);
    } else {
      fadt.noAddress();
    }
    fadt.noAddress();
    // Sleep control and status registers; hypervisor identity.
    fadt.noAddress().noAddress().ascii("WARDIAN").u8(0);
    return fadt.toByteArray();
  }

  private int bootArchitecture() {
    return LEGACY_DEVICES
        | (board.legacy().keyboardController() ? KEYBOARD_CONTROLLER : 0)
        | (board.legacy().display() ? 0 : NO_VGA)
        | (board.legacy().realTimeClock() ? 0 : NO_CMOS_CLOCK);
  }

  /** Enabled, or one that may come while the system runs (§5.2.12.2, table 5.23). */
  private int flags(int uid) {
    return board.processors().absent().contains(uid) ? 2 : 1;
  }

  /** Multiple APIC description table, revision 5 (§5.2.12). */
  private byte[] madt() {
    List<Integer> ids = board.processors().apicIds();
    int wide = 0;
    for (int uid = 0; uid < ids.size(); uid++) {
      wide += isNarrow(uid, ids.get(uid)) ? 0 : 1;
    }
    int size =
        AcpiTable.HEADER
            + 8
            + (ids.size() - wide) * 8
            + wide * 16
            + 12
            + 2 * 10
            + 6
            + (wide > 0 ? 12 : 0);
    AcpiTable madt = new AcpiTable("APIC", 5, size);
    // Two 8259s are there as well.
    madt.u32(board.interrupts().localApicBase()).u32(1);
    for (int uid = 0; uid < ids.size(); uid++) {
      int id = ids.get(uid);
      if (isNarrow(uid, id)) {
        madt.u8(0).u8(8).u8(uid).u8(id).u32(flags(uid));
      } else {
        madt.u8(9).u8(16).u16(0).u32(id).u32(flags(uid)).u32(uid);
      }
    }
    madt.u8(1)
        .u8(12)
        .u8(board.interrupts().ioApicId())
        .u8(0)
        .u32(board.interrupts().ioApicBase())
        .u32(0);
    // The timer's ISA interrupt 0 is wired to input 2, with ISA's own polarity and trigger.
    madt.u8(2).u8(10).u8(0).u8(0).u32(2).u16(0);
    madt.u8(2).u8(10).u8(0).u8(board.interrupts().sci()).u32(board.interrupts().sci());
    madt.u16(LEVEL_ACTIVE_HIGH);
    // LINT1 of every processor takes NMI.
    madt.u8(4).u8(6).u8(0xff).u16(0).u8(1);
    if (wide > 0) {
      madt.u8(0xa).u8(12).u16(0).u32(0xffffffffL).u8(1).zeros(3);
    }
    return madt.toByteArray();
  }

  /** Whether a processor fits the entry for xAPIC, of which 255 means all processors. */
  private static boolean isNarrow(int uid, int id) {
    return uid <= LAST_NARROW && id <= LAST_NARROW;
  }

  /** PCI Express memory-mapped configuration table (PCI Firmware Specification 3.3, §4.1.2). */
  private byte[] mcfg() {
    AcpiTable mcfg = new AcpiTable("MCFG", 1, AcpiTable.HEADER + 8 + 16);
    mcfg.zeros(8).u64(board.pci().ecamBase()).u16(0);
    mcfg.u8(0).u8(board.pci().lastBus()).zeros(4);
    return mcfg.toByteArray();
  }

  /** High precision event timer table (IA-PC HPET specification 1.0a, §3.2.4). */
  private static byte[] hpet(long address) {
    AcpiTable hpet = new AcpiTable("HPET", 1, AcpiTable.HEADER + 20);
    hpet.u32(HPET_BLOCK_ID);
    // The address: memory, 64 bits wide; then the number, the least tick and no page protection.
    hpet.u8(0).u8(64).u8(0).u8(0).u64(address);
    hpet.u8(0).u16(HPET_LEAST_TICK).u8(0);
    return hpet.toByteArray();
  }
}

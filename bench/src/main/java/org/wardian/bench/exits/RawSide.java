package org.wardian.bench.exits;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.Map;
import org.wardian.host.Mapping;
import org.wardian.host.kvm.CpuStructure;
import org.wardian.host.kvm.Kvm;
import org.wardian.host.kvm.KvmCpu;
import org.wardian.host.kvm.KvmVm;
import org.wardian.host.kvm.Registers;
import org.wardian.host.kvm.RunPage;
import org.wardian.host.kvm.SpecialRegisters;
import org.wardian.memory.RawMemory;

/** Java on the kernel's interface, with a run loop as the C program has it. */
final class RawSide implements ExitSide {
  private final Kvm kvm = Kvm.open();
  private final Map<ExitKind, RawGuest> guests = new EnumMap<>(ExitKind.class);

  @Override
  public String title() {
    return "Java, host.kvm";
  }

  @Override
  public double measure(ExitKind kind, long milliseconds) {
    return guests.computeIfAbsent(kind, k -> new RawGuest(kvm, k)).measure(milliseconds);
  }

  @Override
  public void close() {
    guests.values().forEach(RawGuest::close);
    kvm.close();
  }

  private static final class RawGuest extends GuestThread {
    private final Mapping memory = Mapping.shared(ExitGuest.RAM, "exits");
    private final KvmVm vm;
    private final KvmCpu cpu;
    private final long page;

    RawGuest(Kvm kvm, ExitKind kind) {
      super(kind);
      byte[] image = ExitGuest.image();
      RawMemory.copy(image, 0, memory.address() + ExitGuest.LOAD, image.length);
      vm = kvm.createVm();
      vm.createInterruptChips();
      vm.memoryRegion(0, 0, 0, ExitGuest.RAM, memory.address());
      cpu = vm.createCpu(0);
      cpu.cpuid(kvm.supportedCpuid());
      page = cpu.runPage();
      enter(kind.entry());
    }

    private void enter(int entry) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment s = arena.allocate(CpuStructure.SPECIAL_REGISTERS.size(), 8);
        cpu.get(CpuStructure.SPECIAL_REGISTERS, s);
        segment(s, SpecialRegisters.CS, ExitGuest.CODE_SELECTOR, 11);
        for (int data :
            new int[] {
              SpecialRegisters.DS,
              SpecialRegisters.ES,
              SpecialRegisters.FS,
              SpecialRegisters.GS,
              SpecialRegisters.SS
            }) {
          segment(s, data, ExitGuest.DATA_SELECTOR, 3);
        }
        table(s, SpecialRegisters.GDT, ExitGuest.LOAD, ExitGuest.GDT_LIMIT);
        table(s, SpecialRegisters.IDT, ExitGuest.IDT, ExitGuest.IDT_LIMIT);
        s.set(ValueLayout.JAVA_LONG, SpecialRegisters.CR0, ExitGuest.CR0);
        cpu.set(CpuStructure.SPECIAL_REGISTERS, s);
        MemorySegment r = arena.allocate(CpuStructure.REGISTERS.size(), 8);
        r.set(ValueLayout.JAVA_LONG, Registers.RIP, ExitGuest.LOAD + entry);
        r.set(ValueLayout.JAVA_LONG, Registers.RSP, ExitGuest.STACK);
        r.set(ValueLayout.JAVA_LONG, Registers.RFLAGS, 2);
        cpu.set(CpuStructure.REGISTERS, r);
      }
    }

    private static void segment(MemorySegment s, int at, int selector, int type) {
      s.set(ValueLayout.JAVA_LONG, at + SpecialRegisters.SEGMENT_BASE, 0);
      s.set(ValueLayout.JAVA_INT, at + SpecialRegisters.SEGMENT_LIMIT, -1);
      s.set(ValueLayout.JAVA_SHORT, at + SpecialRegisters.SEGMENT_SELECTOR, (short) selector);
      s.set(ValueLayout.JAVA_BYTE, at + SpecialRegisters.SEGMENT_TYPE, (byte) type);
      s.set(ValueLayout.JAVA_BYTE, at + SpecialRegisters.SEGMENT_PRESENT, (byte) 1);
      s.set(ValueLayout.JAVA_BYTE, at + SpecialRegisters.SEGMENT_DB, (byte) 1);
      s.set(ValueLayout.JAVA_BYTE, at + SpecialRegisters.SEGMENT_S, (byte) 1);
      s.set(ValueLayout.JAVA_BYTE, at + SpecialRegisters.SEGMENT_G, (byte) 1);
    }

    private static void table(MemorySegment s, int at, long base, int limit) {
      s.set(ValueLayout.JAVA_LONG, at + SpecialRegisters.TABLE_BASE, base);
      s.set(ValueLayout.JAVA_SHORT, at + SpecialRegisters.TABLE_LIMIT, (short) limit);
    }

    @Override
    void run() {
      while (true) {
        int result = cpu.run();
        if (result == KvmCpu.EXITED) {
          handle(RawMemory.getInt(page + RunPage.EXIT_REASON));
        } else if (stopped()) {
          return;
        } else if (result == KvmCpu.KICKED) {
          event();
        }
      }
    }

    private void handle(int reason) {
      if (reason == RunPage.EXIT_IO
          && RawMemory.getShort(page + RunPage.IO_PORT) == ExitGuest.PORT) {
        long data = page + RawMemory.getLong(page + RunPage.IO_DATA_OFFSET);
        if (RawMemory.getByte(page + RunPage.IO_DIRECTION) == RunPage.IO_OUT) {
          written(RawMemory.getByte(data));
        } else {
          RawMemory.putByte(data, (byte) 0x5a);
          event();
        }
      } else if (reason == RunPage.EXIT_MMIO
          && RawMemory.getLong(page + RunPage.MMIO_ADDRESS) == ExitGuest.REGISTER) {
        if (RawMemory.getByte(page + RunPage.MMIO_IS_WRITE) != 0) {
          written(RawMemory.getInt(page + RunPage.MMIO_DATA));
        } else {
          RawMemory.putInt(page + RunPage.MMIO_DATA, 0x5a);
          event();
        }
      } else {
        throw new IllegalStateException("unexpected exit " + reason);
      }
    }

    @Override
    void kick() {
      cpu.kick();
    }

    @Override
    void inject() {
      vm.signalMessage(ExitGuest.MESSAGE_ADDRESS, ExitGuest.VECTOR);
    }

    @Override
    public void close() {
      cpu.close();
      vm.close();
      memory.close();
    }
  }
}

package org.wardian.bench.exits;

import java.util.EnumMap;
import java.util.Map;
import org.wardian.bus.IoHandler;
import org.wardian.machine.platform.AcceleratorKind;
import org.wardian.machine.platform.InterruptChips;
import org.wardian.machine.platform.Platform;
import org.wardian.machine.platform.PlatformConfiguration;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.Vcpu;
import org.wardian.x86.CpuModel;
import org.wardian.x86.StateLayout;

/** The way that an exit has in the product: to a handler on a bus of the platform. */
final class ProductSide implements ExitSide {
  private final InterruptChips chips;
  private final Map<ExitKind, ProductGuest> guests = new EnumMap<>(ExitKind.class);

  ProductSide(InterruptChips chips) {
    this.chips = chips;
  }

  @Override
  public String title() {
    return "product, " + chips;
  }

  @Override
  public double measure(ExitKind kind, long milliseconds) {
    return guests.computeIfAbsent(kind, k -> new ProductGuest(k, chips)).measure(milliseconds);
  }

  @Override
  public void close() {
    guests.values().forEach(ProductGuest::close);
  }

  private static final class ProductGuest extends GuestThread implements IoHandler {
    private final Platform platform;
    private final Vcpu vcpu;

    ProductGuest(ExitKind kind, InterruptChips chips) {
      super(kind);
      platform =
          Platform.create(
              new PlatformConfiguration(
                  AcceleratorKind.KVM, ExitGuest.RAM, 1, CpuModel.named("x86-64-v1"), chips));
      byte[] image = ExitGuest.image();
      platform.memory().write(ExitGuest.LOAD, image, 0, image.length);
      vcpu = platform.vcpus().getFirst();
      enter(kind.entry());
      platform.ports().map(ExitGuest.PORT, 1, this);
      platform.mmio().map(ExitGuest.REGISTER, 4, this);
      platform.start();
    }

    private void enter(int entry) {
      long s = vcpu.state();
      segment(s, StateLayout.CS, ExitGuest.CODE_SELECTOR, 0xc09b);
      for (int data :
          new int[] {
            StateLayout.DS, StateLayout.ES, StateLayout.FS, StateLayout.GS, StateLayout.SS
          }) {
        segment(s, data, ExitGuest.DATA_SELECTOR, 0xc093);
      }
      RawMemory.putLong(s + StateLayout.GDTR_BASE, ExitGuest.LOAD);
      RawMemory.putInt(s + StateLayout.GDTR_LIMIT, ExitGuest.GDT_LIMIT);
      RawMemory.putLong(s + StateLayout.IDTR_BASE, ExitGuest.IDT);
      RawMemory.putInt(s + StateLayout.IDTR_LIMIT, ExitGuest.IDT_LIMIT);
      RawMemory.putLong(s + StateLayout.CR0, ExitGuest.CR0);
      RawMemory.putLong(s + StateLayout.GPR + 4 * 8, ExitGuest.STACK);
      RawMemory.putLong(s + StateLayout.RIP, ExitGuest.LOAD + entry);
      vcpu.stateChanged();
    }

    private static void segment(long s, int segment, int selector, int attributes) {
      long at = s + StateLayout.segment(segment);
      RawMemory.putShort(at + StateLayout.SELECTOR, (short) selector);
      RawMemory.putInt(at + StateLayout.ATTRIBUTES, attributes);
      RawMemory.putInt(at + StateLayout.LIMIT, -1);
      RawMemory.putLong(at + StateLayout.BASE, 0);
    }

    @Override
    public long read(long offset, int size) {
      event();
      return 0x5a;
    }

    @Override
    public void write(long offset, int size, long value) {
      written(value);
    }

    @Override
    void run() {
      while (true) {
        Exit exit = vcpu.run();
        if (exit != Exit.STOPPED) {
          throw new IllegalStateException("guest ended by " + exit + "\n" + vcpu.failure());
        }
        if (stopped()) {
          return;
        }
        event();
      }
    }

    @Override
    void kick() {
      vcpu.kick();
    }

    @Override
    void inject() {
      platform.messages().send(ExitGuest.MESSAGE_ADDRESS, ExitGuest.VECTOR);
    }

    @Override
    public void close() {
      platform.close();
    }
  }
}

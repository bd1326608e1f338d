package org.wardian.virtio;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import org.wardian.bus.IoBus;
import org.wardian.chipset.PciHost;
import org.wardian.memory.GuestMemory;
import org.wardian.virtio.transport.Doorbells;
import org.wardian.virtio.transport.VirtioPci;

/** A machine without processors: memory, buses and a PCI host with one virtio device in slot 1. */
final class TestMachine implements AutoCloseable {
  static final long RAM = 16L << 20;
  static final int SLOT = 1;

  final GuestMemory memory = GuestMemory.withRam(RAM);
  final IoBus ports = IoBus.ports();
  final IoBus mmio = IoBus.mmio();

  /** Data of the messages that were sent. */
  final Queue<Integer> messages = new ConcurrentLinkedQueue<>();

  /** Levels that the device's INTx pin had. */
  final Queue<Boolean> levels = new ConcurrentLinkedQueue<>();

  final PciHost pci;
  final VirtioDevice device;
  final VirtioPci function;

  /** Plugs a device in, and starts the machine. */
  TestMachine(VirtioDevice device) {
    this(device, true);
  }

  TestMachine(VirtioDevice device, boolean started) {
    this(device, started, bus -> Doorbells.Binder.NONE);
  }

  /** A started machine whose accelerator rings doorbells itself. */
  TestMachine(VirtioDevice device, Function<IoBus, Doorbells.Binder> doorbells) {
    this(device, true, doorbells);
  }

  private TestMachine(
      VirtioDevice device, boolean started, Function<IoBus, Doorbells.Binder> doorbells) {
    this.device = device;
    pci =
        new PciHost(
            ports,
            mmio,
            gsi -> gsi == PciHost.gsi(SLOT, 0) ? levels::add : level -> {},
            (address, data) -> messages.add(data));
    function = new VirtioPci(device, memory, true, doorbells.apply(mmio));
    pci.attach(SLOT, 0, function);
    if (started) {
      pci.start();
    }
  }

  @Override
  public void close() {
    pci.stop();
    memory.close();
  }
}

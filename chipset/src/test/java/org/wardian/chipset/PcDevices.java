package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.wardian.bus.Device;
import org.wardian.bus.IoBus;
import org.wardian.bus.ManualTimers;
import org.wardian.memory.GuestMemory;
import org.wardian.network.Frame;
import org.wardian.network.MacAddress;
import org.wardian.network.NetworkPort;

/** The devices of a PC beside its interrupt chips, wired as a board wires them. */
final class PcDevices implements AutoCloseable {
  static final int BUS_MASTER = 0xc000;
  static final long AHCI = 0xc1000000L;
  static final long CARD = 0xc2000000L;
  static final long FRAME_BUFFER = 0xc4000000L;
  static final int VIDEO_MEMORY = 1 << 20;
  static final MacAddress ADDRESS = MacAddress.parse("52:54:00:12:34:56");

  final ManualTimers timers = new ManualTimers();
  final GuestMemory memory = GuestMemory.withRam(0xa0000);
  final IoBus ports = IoBus.ports();
  final IoBus mmio = IoBus.mmio();
  final Dma dma = new Dma(memory);
  final RecordedLine[] lines = new RecordedLine[32];
  final List<String> messages = new ArrayList<>();
  final PciHost pci;
  final MemoryDisk disk = MemoryDisk.numbered(1 << 20);
  final MemoryDisk disc = MemoryDisk.numbered(64 * 2048);
  final MemoryDisk serialDisk = MemoryDisk.numbered(1 << 20);
  final MemoryDisk serialDisc = MemoryDisk.numbered(64 * 2048);
  final MemoryDisk floppyDisk = MemoryDisk.numbered(1440 << 10);
  final MemoryDisk variables = new MemoryDisk(16 << 10);
  final RecordedPort port = new RecordedPort();
  final IdeController ide;
  final AhciController ahci;
  final E1000 card;
  final VgaAdapter vga;
  final LpcBridge lpc;
  final Dma8237 channels = new Dma8237(dma);
  final FloppyController floppy;
  final Hpet hpet;
  final I8042 keyboard;
  final CfiFlash flash;
  final ShadowRam shadow;

  PcDevices() {
    for (int i = 0; i < lines.length; i++) {
      lines[i] = new RecordedLine();
    }
    pci = new PciHost(ports, mmio, gsi -> lines[gsi], (to, data) -> messages.add(to + ":" + data));
    ports.map(PciHost.PORT, PciHost.PORTS, pci.ports(new PostPort()));
    shadow = new ShadowRam(memory, mmio, new byte[0x20000]);
    pci.programmable(mmio.map(PciHost.ECAM_BASE, PciHost.ECAM_LENGTH, pci.ecam()), shadow);
    lpc = new LpcBridge(number -> lines[number]);
    pci.attach(LpcBridge.SLOT, 0, lpc);
    ide = new IdeController(ports, number -> lines[number], dma);
    ide.disk(0, disk, "SERIAL1");
    ide.cdrom(2, disc, "SERIAL2");
    pci.attach(IdeController.SLOT, 0, ide);
    ahci = new AhciController(dma);
    ahci.disk(0, serialDisk, "SERIAL3");
    ahci.cdrom(1, serialDisc, "SERIAL4");
    pci.attach(3, 0, ahci);
    card = new E1000("card", port, ADDRESS, timers, dma);
    pci.attach(4, 0, card);
    vga = new VgaAdapter(memory, ports, mmio, timers, VIDEO_MEMORY);
    pci.attach(VgaAdapter.SLOT, 0, vga);
    ports.map(Dma8237.PORT, 16, channels.bytePorts());
    ports.map(Dma8237.WORD_PORT, 32, channels.wordPorts());
    ports.map(Dma8237.PAGE_PORT, Dma8237.PAGE_PORTS, channels.pagePorts());
    floppy = new FloppyController(floppyDisk, lines[FloppyController.INTERRUPT], channels);
    ports.map(FloppyController.PORT, FloppyController.PORTS, floppy.ports());
    ports.map(FloppyController.INPUT_PORT, 1, floppy.inputPort());
    hpet = new Hpet(timers, pin -> lines[pin], (to, data) -> messages.add(to + ":" + data));
    mmio.map(Hpet.BASE, Hpet.LENGTH, hpet);
    RecordedPower power = new RecordedPower();
    keyboard = new I8042(lines[1], lines[12], new A20Gate(power), power, timers);
    ports.map(I8042.DATA_PORT, 1, keyboard.dataPort());
    ports.map(I8042.COMMAND_PORT, 1, keyboard.commandPort());
    flash = new CfiFlash("flash", memory, 0xffc00000L, variables);
    mmio.map(0xffc00000L, flash.length(), flash);
    devices().forEach(Device::start);
  }

  /** Puts the windows where firmware would. */
  PcDevices configured() {
    ide.writeConfig(0x20, 4, BUS_MASTER);
    ahci.writeConfig(0x24, 4, (int) AHCI);
    card.writeConfig(0x10, 4, (int) CARD);
    vga.writeConfig(0x10, 4, (int) FRAME_BUFFER);
    for (PciFunction function : List.of(ide, ahci, card, vga)) {
      function.writeConfig(4, 2, 7);
    }
    return this;
  }

  List<Device> devices() {
    return List.of(pci, shadow, channels, floppy, hpet, keyboard, flash);
  }

  int in(int at) {
    return (int) ports.read(at, 1);
  }

  void out(int at, int value) {
    ports.write(at, 1, value);
  }

  void poke(long at, int... words) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int word : words) {
      bytes.putInt(word);
    }
    memory.write(at, bytes.array(), 0, bytes.capacity());
  }

  byte[] peek(long at, int length) {
    byte[] bytes = new byte[length];
    memory.read(at, bytes, 0, length);
    return bytes;
  }

  int peek(long at) {
    return ByteBuffer.wrap(peek(at, 4)).order(ByteOrder.LITTLE_ENDIAN).getInt();
  }

  @Override
  public void close() {
    devices().forEach(Device::stop);
    memory.close();
  }

  /** The wall that the network card is plugged into. */
  static final class RecordedPort implements NetworkPort {
    final List<byte[]> sent = new ArrayList<>();
    Receiver receiver;

    @Override
    public void attach(Receiver newReceiver) {
      receiver = newReceiver;
    }

    @Override
    public void accept(Offloads offloads) {}

    @Override
    public Offloads offered() {
      return Offloads.NONE;
    }

    @Override
    public synchronized boolean send(Frame frame) {
      byte[] bytes = new byte[frame.length()];
      System.arraycopy(frame.bytes(), frame.offset(), bytes, 0, bytes.length);
      sent.add(bytes);
      notifyAll();
      return true;
    }

    /** Waits until {@code count} frames were sent. */
    synchronized List<byte[]> await(int count) throws InterruptedException {
      while (sent.size() < count) {
        wait();
      }
      return List.copyOf(sent);
    }

    @Override
    public void ready() {}

    @Override
    public int mtu() {
      return 1500;
    }

    @Override
    public void start() {}

    @Override
    public void pause() {}

    @Override
    public void resume() {}

    @Override
    public void close() {}
  }
}

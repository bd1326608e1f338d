package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.storage.BlockRequest;

/**
 * One port of an AHCI controller (AHCI 1.3.1 §3.3, §5) with the drive on it, or none. Its
 * controller's monitor guards it.
 *
 * <p>Queued commands run at the same time; others one after the other, in the order of their
 * numbers.
 */
final class AhciPort {
  private static final int CLB = 0x00;
  private static final int CLBU = 0x04;
  private static final int FB = 0x08;
  private static final int FBU = 0x0c;
  private static final int IS = 0x10;
  private static final int IE = 0x14;
  private static final int CMD = 0x18;
  private static final int TFD = 0x20;
  private static final int SIG = 0x24;
  private static final int SSTS = 0x28;
  private static final int SCTL = 0x2c;
  private static final int SERR = 0x30;
  private static final int SACT = 0x34;
  private static final int CI = 0x38;

  private static final int CMD_START = 0x0001;
  private static final int CMD_CLEAR_BUSY = 0x0008;
  private static final int CMD_RECEIVE = 0x0010;
  private static final int CMD_RECEIVE_RUNNING = 0x4000;
  private static final int CMD_LIST_RUNNING = 0x8000;
  private static final int CMD_WRITABLE = 0x03000017;

  private static final int IS_REGISTER = 0x01;
  private static final int IS_PIO_SETUP = 0x02;
  private static final int IS_DEVICE_BITS = 0x08;
  private static final int IS_PORT_CHANGE = 0x40;
  private static final int IS_HOST_BUS_ERROR = 0x20000000;
  private static final int IS_TASK_FILE_ERROR = 0x40000000;
  private static final int IE_WRITABLE = 0xfdc000ff;

  private static final int SERR_EXCHANGED = 1 << 26;
  private static final int LINK_UP = 0x133;
  private static final int SIGNATURE_DISK = 0x00000101;
  private static final int SIGNATURE_PACKET = 0xeb140101;
  private static final int CONTROL_RESET = 0x04;

  private final AhciController controller;
  private final Dma dma;
  final AtaDrive drive;

  private long list;
  private long received;
  private int interrupts;
  private int interruptEnable;
  private int command;
  private TaskFile file = new TaskFile();
  private int signature;
  private int linkControl;
  private int linkError;
  private int active;
  private int issued;

  /** Slots that were taken and have not ended. */
  private final AhciSlot[] running = new AhciSlot[32];

  /** Whether a command has failed since the list was started. */
  private boolean stopped;

  private boolean inReset;
  private int generation;

  AhciPort(AhciController controller, Dma dma, AtaDrive drive) {
    this.controller = controller;
    this.dma = dma;
    this.drive = drive;
    reset();
  }

  void reset() {
    forget();
    list = 0;
    received = 0;
    interrupts = 0;
    interruptEnable = 0;
    command = 0x06; // spun up and powered
    linkControl = 0;
    linkError = 0;
    resetDrive();
  }

  private void forget() {
    generation++;
    Arrays.fill(running, null);
    active = 0;
    issued = 0;
    stopped = false;
  }

  private void resetDrive() {
    file = new TaskFile();
    inReset = false;
    if (drive == null) {
      file.status = 0x7f;
      signature = -1;
      return;
    }
    drive.reset(file);
    signature = drive.packets() ? SIGNATURE_PACKET : SIGNATURE_DISK;
  }

  int read(int register) {
    return switch (register) {
      case CLB -> (int) list;
      case CLBU -> (int) (list >>> 32);
      case FB -> (int) received;
      case FBU -> (int) (received >>> 32);
      case IS -> interrupts;
      case IE -> interruptEnable;
      case CMD ->
          command
              | ((command & CMD_RECEIVE) != 0 ? CMD_RECEIVE_RUNNING : 0)
              | ((command & CMD_START) != 0 ? CMD_LIST_RUNNING : 0);
      case TFD -> file.status | file.error << 8;
      case SIG -> signature;
      case SSTS -> drive == null || (linkControl & 0xf) == 4 ? 0 : LINK_UP;
      case SCTL -> linkControl;
      case SERR -> linkError;
      case SACT -> active;
      case CI -> issued;
      default -> 0;
    };
  }

  void write(int register, int value) {
    switch (register) {
      case CLB -> list = list & 0xffffffff00000000L | value & 0xfffffc00L;
      case CLBU -> list = list & 0xffffffffL | (long) value << 32;
      case FB -> received = received & 0xffffffff00000000L | value & 0xffffff00L;
      case FBU -> received = received & 0xffffffffL | (long) value << 32;
      case IS -> {
        interrupts &= ~value;
        controller.update(false);
      }
      case IE -> {
        interruptEnable = value & IE_WRITABLE;
        controller.update(false);
      }
      case CMD -> command(value);
      case SCTL -> link(value & 0xfff);
      case SERR -> linkError &= ~value;
      case SACT -> {
        if ((command & CMD_START) != 0) {
          active |= value;
        }
      }
      case CI -> {
        if ((command & CMD_START) != 0) {
          issued |= value;
          process();
        }
      }
      default -> {}
    }
  }

  /** Whether an enabled interrupt is pending. */
  boolean interrupting() {
    return (interrupts & interruptEnable) != 0;
  }

  private void command(int value) {
    int before = command;
    command = value & CMD_WRITABLE & ~CMD_CLEAR_BUSY | before & 0x06;
    if ((value & CMD_CLEAR_BUSY) != 0) {
      file.status &= ~(TaskFile.STATUS_BUSY | TaskFile.STATUS_DATA_REQUEST);
    }
    if ((before & ~command & CMD_START) != 0) {
      forget();
      if (drive != null && (file.status & TaskFile.STATUS_BUSY) != 0) {
        file.status &= ~TaskFile.STATUS_BUSY;
      }
    } else if ((command & ~before & CMD_START) != 0) {
      stopped = false;
    }
    if ((command & ~before & CMD_RECEIVE) != 0 && drive != null && issued == 0) {
      // The signature that the drive sent at its reset can be received now.
      receive(AhciFis.REGISTER_OFFSET, AhciFis.register(file));
    }
  }

  private void link(int value) {
    int before = linkControl & 0xf;
    linkControl = value;
    int now = value & 0xf;
    if (now == 1 && before != 1) {
      forget();
      resetDrive();
      if (drive != null) {
        file.status |= TaskFile.STATUS_BUSY;
      }
    } else if (now == 0 && before == 1 && drive != null) {
      file.status &= ~TaskFile.STATUS_BUSY;
      linkError |= SERR_EXCHANGED;
      receive(AhciFis.REGISTER_OFFSET, AhciFis.register(file));
      raise(IS_PORT_CHANGE);
    }
  }

  private void raise(int bits) {
    interrupts |= bits;
    controller.update(true);
  }

  private void receive(int offset, byte[] fis) {
    if ((command & CMD_RECEIVE) != 0) {
      dma.write(received + offset, fis, 0, fis.length);
    }
  }

  // Commands.

  private void process() {
    while (drive != null && !stopped && (command & CMD_START) != 0) {
      int waiting = issued & ~slots();
      if (waiting == 0) {
        return;
      }
      int number = Integer.numberOfTrailingZeros(waiting);
      AhciSlot slot = AhciSlot.read(dma, list, number);
      if (slot == null) {
        stopped = true;
        raise(IS_HOST_BUS_ERROR);
        return;
      }
      boolean busy = slots() != 0 && !(slot.queued && allQueued());
      if (busy) {
        return;
      }
      start(slot);
    }
  }

  private int slots() {
    int bits = 0;
    for (AhciSlot slot : running) {
      bits |= slot == null ? 0 : 1 << slot.number;
    }
    return bits;
  }

  private boolean allQueued() {
    for (AhciSlot slot : running) {
      if (slot != null && !slot.queued) {
        return false;
      }
    }
    return true;
  }

  private void start(AhciSlot slot) {
    int bit = 1 << slot.number;
    if ((slot.fis[0] & 0xff) != AhciFis.REGISTER_TO_DEVICE) {
      issued &= ~bit;
      return;
    }
    if ((slot.fis[1] & 0x80) == 0) {
      issued &= ~bit;
      control(slot.fis[15]);
      return;
    }
    running[slot.number] = slot;
    if (slot.queued) {
      // The drive accepts it at once, which frees the issue bit; SActive says when it has ended.
      issued &= ~bit;
      file.status = TaskFile.STATUS_READY | TaskFile.STATUS_SEEK_COMPLETE;
      file.error = 0;
    } else {
      file = slot.file;
      file.status = TaskFile.STATUS_READY | TaskFile.STATUS_BUSY;
      file.error = 0;
    }
    carryOut(slot, drive.command(slot.file));
  }

  /** A register structure that updates the control register: software reset. */
  private void control(int value) {
    boolean reset = (value & CONTROL_RESET) != 0;
    if (reset) {
      inReset = true;
      file.status |= TaskFile.STATUS_BUSY;
    } else if (inReset) {
      resetDrive();
      receive(AhciFis.REGISTER_OFFSET, AhciFis.register(file));
      raise(IS_REGISTER);
    }
  }

  private void carryOut(AhciSlot slot, AtaAction first) {
    AtaAction next = first;
    while (next != null) {
      slot.action = next;
      next =
          switch (next) {
            case AtaAction.Finished _ -> {
              end(slot);
              yield null;
            }
            case AtaAction.Packet _ -> drive.packet(slot.file, slot.packet);
            case AtaAction.DataIn in -> dataIn(slot, in);
            case AtaAction.DataOut out -> dataOut(slot, out);
            case AtaAction.Media media -> media(slot, media);
            case AtaAction.Order order -> {
              submit(slot, order.kind(), order.offset(), order.length(), List.of(), null);
              yield null;
            }
          };
    }
  }

  private AtaAction dataIn(AhciSlot slot, AtaAction.DataIn in) {
    Dma.Transfer memory = slot.memory(dma, in.data().length, true);
    if (memory == null) {
      return noMemory(slot);
    }
    try (memory) {
      memory.fill(in.data());
      memory.written();
    }
    slot.moved = in.data().length;
    return drive.taken(slot.file);
  }

  private AtaAction dataOut(AhciSlot slot, AtaAction.DataOut out) {
    Dma.Transfer memory = slot.memory(dma, out.length(), false);
    if (memory == null) {
      return noMemory(slot);
    }
    try (memory) {
      slot.moved = out.length();
      return drive.received(slot.file, memory.take(out.length()));
    }
  }

  private AtaAction media(AhciSlot slot, AtaAction.Media media) {
    Dma.Transfer memory = slot.memory(dma, media.length(), !media.write());
    if (memory == null) {
      return noMemory(slot);
    }
    BlockRequest.Kind kind = media.write() ? BlockRequest.Kind.WRITE : BlockRequest.Kind.READ;
    submit(slot, kind, media.offset(), media.length(), memory.buffers(), memory);
    return null;
  }

  private static AtaAction noMemory(AhciSlot slot) {
    return AtaDrive.abort(slot.file);
  }

  private void submit(
      AhciSlot slot,
      BlockRequest.Kind kind,
      long offset,
      long length,
      List<ByteBuffer> buffers,
      Dma.Transfer memory) {
    int asked = generation;
    drive.medium.submit(
        new MediumRequest(
            kind,
            offset,
            length,
            buffers,
            memory,
            result -> {
              synchronized (controller) {
                if (asked == generation && running[slot.number] == slot) {
                  answered(slot, result);
                }
              }
            }));
  }

  private void answered(AhciSlot slot, BlockRequest.Result result) {
    if (result == BlockRequest.Result.OK && slot.action instanceof AtaAction.Media media) {
      slot.moved = media.length();
    }
    carryOut(slot, drive.finished(slot.file, slot.action, result));
    process();
  }

  private void end(AhciSlot slot) {
    running[slot.number] = null;
    int bit = 1 << slot.number;
    boolean failed = (slot.file.status & TaskFile.STATUS_ERROR) != 0;
    slot.report(dma);
    if (slot.queued) {
      endQueued(slot, failed);
      return;
    }
    boolean programmed =
        slot.action instanceof AtaAction.Finished
            && slot.moved > 0
            && !failed
            && slot.packet.length == 0
            && programmedIn(slot.file.command);
    if (programmed) {
      receive(AhciFis.PIO_SETUP_OFFSET, AhciFis.pioSetup(slot.file, (int) slot.moved));
    } else {
      receive(AhciFis.REGISTER_OFFSET, AhciFis.register(slot.file));
    }
    if (failed) {
      stopped = true;
      raise(IS_TASK_FILE_ERROR | IS_REGISTER);
    } else {
      issued &= ~bit;
      raise(programmed ? IS_PIO_SETUP : IS_REGISTER);
    }
  }

  /** Commands whose data come by programmed transfers, which end without a register structure. */
  private static boolean programmedIn(int code) {
    return switch (code) {
      case 0x20, 0x21, 0x24, 0x29, 0xc4, 0xec, 0xa1, 0xb0, 0x2f -> true;
      default -> false;
    };
  }

  private void endQueued(AhciSlot slot, boolean failed) {
    int bit = 1 << slot.number;
    if (failed) {
      file.status = slot.file.status;
      file.error = slot.file.error;
      if (drive instanceof AtaDisk disk) {
        disk.failed(slot.number, slot.file);
      }
      receive(AhciFis.DEVICE_BITS_OFFSET, AhciFis.deviceBits(file, 0));
      stopped = true;
      generation++; // the drive gives up what else is queued
      Arrays.fill(running, null);
      raise(IS_TASK_FILE_ERROR | IS_DEVICE_BITS);
      return;
    }
    active &= ~bit;
    receive(AhciFis.DEVICE_BITS_OFFSET, AhciFis.deviceBits(file, bit));
    raise(IS_DEVICE_BITS);
  }

  // Life cycle.

  void pause() {
    if (drive != null) {
      drive.medium.pause();
    }
  }

  void resume() {
    if (drive != null) {
      drive.medium.resume();
    }
  }

  /** Before vCPUs run after a state was loaded: takes again what was under way. */
  void goOn() {
    process();
  }

  void save(StateWriter out) {
    int queued = 0;
    for (AhciSlot slot : running) {
      queued |= slot != null && slot.queued ? 1 << slot.number : 0;
    }
    out.writeLong(list);
    out.writeLong(received);
    out.writeInts(
        new int[] {
          interrupts,
          interruptEnable,
          command,
          signature,
          linkControl,
          linkError,
          active,
          issued | queued
        });
    out.writeBoolean(stopped);
    out.writeBoolean(inReset);
    file.save(out);
    if (drive != null) {
      drive.save(out);
    }
  }

  void load(StateReader in) {
    forget();
    list = in.readLong() & ~0x3ffL;
    received = in.readLong() & ~0xffL;
    int[] fields = new int[8];
    in.readInts(fields);
    interrupts = fields[0];
    interruptEnable = fields[1] & IE_WRITABLE;
    command = fields[2] & CMD_WRITABLE;
    signature = fields[3];
    linkControl = fields[4] & 0xfff;
    linkError = fields[5];
    active = fields[6];
    issued = fields[7];
    stopped = in.readBoolean();
    inReset = in.readBoolean();
    file = new TaskFile();
    file.load(in);
    if (drive != null) {
      drive.load(in);
    }
  }
}

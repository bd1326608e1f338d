package org.wardian.chipset;

import org.wardian.bus.InterruptLine;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * One cable of a parallel ATA controller with up to two drives (ATA/ATAPI-7 volume 2): its
 * registers. {@link IdeTransfer} moves the data. Its controller's monitor guards it.
 */
final class IdeChannel {
  static final int DATA = 0;
  static final int ERROR = 1;
  static final int COUNT = 2;
  static final int LBA_LOW = 3;
  static final int LBA_MIDDLE = 4;
  static final int LBA_HIGH = 5;
  static final int DEVICE = 6;
  static final int STATUS = 7;

  private static final int CONTROL_NO_INTERRUPT = 0x02;
  private static final int CONTROL_RESET = 0x04;
  private static final int CONTROL_HIGH_ORDER = 0x80;

  private final InterruptLine line;
  private final AtaDrive[] drives = new AtaDrive[2];
  private final TaskFile[] files = {new TaskFile(), new TaskFile()};
  private final BusMasterIde busMaster;
  private final IdeTransfer transfer;

  private int selected;

  /** The drive that carries out a command, or did so last. */
  private int active;

  private int control;
  private boolean interrupting;

  IdeChannel(Object monitor, InterruptLine line, Dma dma) {
    this.line = line;
    this.busMaster = new BusMasterIde(dma);
    this.transfer = new IdeTransfer(monitor, this, busMaster);
    files[1].device = TaskFile.DEVICE_SELECT;
  }

  /** Plugs a drive in: 0 is the master, 1 the slave. */
  void plug(int place, AtaDrive drive) {
    if (drives[place] != null) {
      throw new IllegalArgumentException("two drives in one place of an IDE channel");
    }
    drives[place] = drive;
    drive.reset(files[place]);
  }

  AtaDrive drive(int place) {
    return drives[place];
  }

  boolean empty() {
    return drives[0] == null && drives[1] == null;
  }

  void reset() {
    control = 0;
    busMaster.reset();
    resetDrives();
  }

  private void resetDrives() {
    transfer.forget();
    selected = 0;
    active = 0;
    interrupt(false);
    for (int i = 0; i < 2; i++) {
      files[i] = new TaskFile();
      files[i].device = i == 0 ? 0 : TaskFile.DEVICE_SELECT;
      if (drives[i] != null) {
        drives[i].reset(files[i]);
      }
    }
  }

  private TaskFile file() {
    return files[selected];
  }

  /** The task file of the drive that carries out a command. */
  TaskFile running() {
    return files[active];
  }

  /** The drive that carries out a command. */
  AtaDrive runningDrive() {
    return drives[active];
  }

  // Registers.

  int read(int register) {
    if (empty()) {
      return register == STATUS ? 0 : 0xff;
    }
    TaskFile f = file();
    int shift = (control & CONTROL_HIGH_ORDER) != 0 ? 8 : 0;
    return switch (register) {
      case ERROR -> drives[selected] == null ? 0 : f.error;
      case COUNT -> f.count >> shift & 0xff;
      case LBA_LOW -> f.lbaLow >> shift & 0xff;
      case LBA_MIDDLE -> f.lbaMiddle >> shift & 0xff;
      case LBA_HIGH -> f.lbaHigh >> shift & 0xff;
      case DEVICE -> f.device | 0xa0;
      default -> {
        interrupt(false);
        yield status();
      }
    };
  }

  /** The alternate status, which does not acknowledge the interrupt. */
  int status() {
    return drives[selected] == null ? 0 : file().status;
  }

  void write(int register, int value) {
    if (empty()) {
      return;
    }
    if (register == STATUS) {
      command(value);
      return;
    }
    control &= ~CONTROL_HIGH_ORDER;
    for (TaskFile f : files) {
      if ((f.status & TaskFile.STATUS_BUSY) != 0 && register != DEVICE) {
        continue;
      }
      switch (register) {
        case ERROR -> f.features = f.features << 8 & 0xff00 | value;
        case COUNT -> f.count = f.count << 8 & 0xff00 | value;
        case LBA_LOW -> f.lbaLow = f.lbaLow << 8 & 0xff00 | value;
        case LBA_MIDDLE -> f.lbaMiddle = f.lbaMiddle << 8 & 0xff00 | value;
        case LBA_HIGH -> f.lbaHigh = f.lbaHigh << 8 & 0xff00 | value;
        default -> f.device = value & 0x5f;
      }
    }
    if (register == DEVICE) {
      selected = value >> 4 & 1;
      line.set(interrupting && drives[selected] != null && enabled());
    }
  }

  void control(int value) {
    int before = control;
    control = value & (CONTROL_NO_INTERRUPT | CONTROL_RESET | CONTROL_HIGH_ORDER);
    if ((control & ~before & CONTROL_RESET) != 0) {
      transfer.forget();
      interrupt(false);
      for (TaskFile f : files) {
        f.status = TaskFile.STATUS_BUSY;
      }
    } else if ((before & ~control & CONTROL_RESET) != 0) {
      resetDrives();
    }
    interrupt(interrupting);
  }

  private boolean enabled() {
    return (control & CONTROL_NO_INTERRUPT) == 0;
  }

  void interrupt(boolean level) {
    interrupting = level;
    if (level) {
      busMaster.interrupt();
    }
    line.set(level && enabled());
  }

  // Commands.

  private void command(int code) {
    AtaDrive drive = drives[selected];
    TaskFile f = file();
    boolean reset = code == 0x08 && drive != null && drive.packets();
    if (drive == null || !transfer.idle() && !reset || (control & CONTROL_RESET) != 0) {
      return;
    }
    transfer.forget();
    interrupt(false);
    active = selected;
    f.command = code;
    f.error = 0;
    if (code == 0x90) {
      diagnose();
    } else {
      transfer.begin();
    }
  }

  /** EXECUTE DEVICE DIAGNOSTIC goes to both drives. */
  private void diagnose() {
    for (int i = 0; i < 2; i++) {
      if (drives[i] != null) {
        files[i].command = 0x90;
        drives[i].command(files[i]);
      }
    }
    selected = 0;
    active = 0;
    interrupt(true);
  }

  // Data and bus master.

  /** Reads the data register: 2 or 4 bytes. */
  int readData(int size) {
    return selected == active ? transfer.readData(size) : 0;
  }

  /** Writes the data register: 2 or 4 bytes. */
  void writeData(int size, int value) {
    if (selected == active) {
      transfer.writeData(size, value);
    }
  }

  int readBusMaster(int offset) {
    return busMaster.read(offset);
  }

  void writeBusMaster(int offset, int value) {
    if (busMaster.write(offset, value)) {
      transfer.busMasterStarted();
    }
  }

  // Life cycle.

  void pause() {
    for (AtaDrive drive : drives) {
      if (drive != null) {
        drive.medium.pause();
      }
    }
  }

  void resume() {
    for (AtaDrive drive : drives) {
      if (drive != null) {
        drive.medium.resume();
      }
    }
  }

  /** Before vCPUs run: asks again what was under way in the state that was loaded. */
  void goOn() {
    transfer.goOn();
  }

  void save(StateWriter out) {
    int[] numbers = transfer.numbers();
    out.writeInts(
        new int[] {selected, control, numbers[0], numbers[1], numbers[2], numbers[3], active});
    out.writeBoolean(interrupting);
    transfer.save(out);
    busMaster.save(out);
    for (int i = 0; i < 2; i++) {
      files[i].save(out);
      if (drives[i] != null) {
        drives[i].save(out);
      }
    }
  }

  void load(StateReader in) {
    transfer.forget();
    int[] fields = new int[7];
    in.readInts(fields);
    active = fields[6] & 1;
    selected = fields[0] & 1;
    control = fields[1] & 0xff;
    interrupting = in.readBoolean();
    transfer.load(in);
    busMaster.load(in);
    for (int i = 0; i < 2; i++) {
      files[i].load(in);
      if (drives[i] != null) {
        drives[i].load(in);
      }
    }
    transfer.load(fields[2], fields[3], fields[4], fields[5]);
    line.set(interrupting && enabled());
  }
}

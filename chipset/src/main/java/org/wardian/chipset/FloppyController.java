package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockRequest;

/**
 * The floppy disk controller of a PC with one drive (Intel 82077AA data sheet). The disk has the
 * geometry that its size tells, 1.44 MB unless it is that of a smaller format. Data moves by DMA
 * channel 2, or by programmed transfers where the guest asks for them.
 */
public final class FloppyController implements Device {
  /** Ports 0x3f0 to 0x3f5, and 0x3f7. */
  public static final int PORT = 0x3f0;

  /** Number of ports up to the gap. */
  public static final int PORTS = 6;

  /** The digital input register, beside a port of the IDE controller. */
  public static final int INPUT_PORT = 0x3f7;

  /** The ISA interrupt. */
  public static final int INTERRUPT = 6;

  /** The DMA channel. */
  public static final int DMA_CHANNEL = 2;

  private static final int STATE_VERSION = 1;
  private static final int SECTOR = 512;

  private static final int DOR_NOT_RESET = 0x04;
  private static final int DOR_DMA = 0x08;
  private static final int DOR_MOTOR_A = 0x10;
  private static final int DSR_RESET = 0x80;

  private static final int MSR_REQUEST = 0x80;
  private static final int MSR_TO_HOST = 0x40;
  private static final int MSR_NO_DMA = 0x20;
  private static final int MSR_BUSY = 0x10;

  private static final int ST0_ABNORMAL = 0x40;
  private static final int ST0_INVALID = 0x80;
  private static final int ST0_SEEK_END = 0x20;
  private static final int ST0_NOT_READY = 0x08;
  private static final int ST1_NO_DATA = 0x04;
  private static final int ST1_NOT_WRITABLE = 0x02;
  private static final int ST1_END_OF_CYLINDER = 0x80;
  private static final int ST1_OVERRUN = 0x10;
  private static final int ST1_DATA_ERROR = 0x20;

  private static final int INPUT_CHANGED = 0x80;

  private static final int MULTI_TRACK = 0x80;
  private static final int VERSION_82077 = 0x90;
  private static final int LOCK = 0x80;

  private enum Phase {
    COMMAND,
    /** Data by programmed transfers. */
    EXECUTION,
    /** The medium works. */
    BUSY,
    RESULT
  }

  private final BlockDevice medium;
  private final InterruptLine line;
  private final Dma8237 dma;
  private FloppyGeometry geometry;

  private int outputs;
  private int rate;
  private int tape;
  private Phase phase = Phase.COMMAND;
  private byte[] command = new byte[0];
  private byte[] result = new byte[0];
  private int resultAt;

  /** Status of an interrupt that SENSE INTERRUPT STATUS has still to report, or -1. */
  private int sense = -1;

  /** How many of the four drives still report the end of reset. */
  private int resetSenses;

  private int cylinder;
  private boolean changed;
  private boolean noDma;
  private boolean locked;
  private int configuration;
  private int precompensation;
  private int perpendicular;

  /** The transfer under way: data, how much of it has moved, and where it began on the disk. */
  private byte[] data = new byte[0];

  private int moved;
  private int firstSector;
  private int generation;
  private boolean again;

  /**
   * Makes a controller with a disk in its drive; one of length 0 is an empty drive.
   *
   * @param line ISA interrupt 6
   */
  public FloppyController(BlockDevice medium, InterruptLine line, Dma8237 dma) {
    this.medium = medium;
    this.line = line;
    this.dma = dma;
    this.geometry = FloppyGeometry.of(medium.length());
    this.changed = true;
    this.outputs = 0;
    medium.onChange(this::mediumChanged);
  }

  private synchronized void mediumChanged() {
    geometry = FloppyGeometry.of(medium.length());
    changed = true;
  }

  @Override
  public String name() {
    return "floppy";
  }

  @Override
  public synchronized void reset() {
    outputs = 0;
    rate = 0;
    tape = 0;
    locked = false;
    changed = true;
    resetChip();
    resetSenses = 0;
  }

  private void resetChip() {
    forget();
    sense = -1;
    cylinder = 0;
    noDma = false;
    if (!locked) {
      configuration = 0;
      precompensation = 0;
    }
    perpendicular &= 0x3c;
    line.set(false);
  }

  private void forget() {
    generation++;
    phase = Phase.COMMAND;
    command = new byte[0];
    result = new byte[0];
    data = new byte[0];
    moved = 0;
    resultAt = 0;
    again = false;
  }

  /** The ports, {@link #PORTS} from {@link #PORT}. */
  public IoHandler ports() {
    return new IoHandler() {
      @Override
      public int widest() {
        return 1;
      }

      @Override
      public long read(long offset, int size) {
        return readRegister((int) offset);
      }

      @Override
      public void write(long offset, int size, long value) {
        writeRegister((int) offset, (int) value & 0xff);
      }
    };
  }

  /** The port at {@link #INPUT_PORT}. */
  public IoHandler inputPort() {
    return new BytePort() {
      @Override
      int read() {
        return diskChanged();
      }

      @Override
      void write(int value) {
        setRate(value);
      }
    };
  }

  private synchronized int diskChanged() {
    boolean spinning = (outputs & DOR_MOTOR_A) != 0 && (outputs & 3) == 0;
    return spinning && (changed || geometry == null) ? INPUT_CHANGED : 0;
  }

  private synchronized void setRate(int value) {
    rate = rate & ~3 | value & 3;
  }

  private synchronized int readRegister(int register) {
    return switch (register) {
      case 0 -> sense >= 0 ? 0x80 : 0;
      case 1 -> 0xff;
      case 2 -> outputs;
      case 3 -> tape;
      case 4 -> status();
      default -> readData();
    };
  }

  private synchronized void writeRegister(int register, int value) {
    switch (register) {
      case 2 -> {
        boolean release = (value & ~outputs & DOR_NOT_RESET) != 0;
        if ((value & DOR_NOT_RESET) == 0 && (outputs & DOR_NOT_RESET) != 0) {
          resetChip();
        }
        outputs = value;
        if (release) {
          endReset();
        }
      }
      case 3 -> tape = value & 3;
      case 4 -> {
        rate = value & 0x7f;
        if ((value & DSR_RESET) != 0) {
          resetChip();
          endReset();
        }
      }
      case 5 -> writeData(value);
      default -> {}
    }
  }

  /** The chip polls the drives after reset, and tells of each that its ready line has changed. */
  private void endReset() {
    resetSenses = 4;
    sense = 0xc0;
    interrupt();
  }

  private void interrupt() {
    line.set((outputs & DOR_DMA) != 0);
  }

  private int status() {
    int busy = command.length > 0 || phase != Phase.COMMAND ? MSR_BUSY : 0;
    if ((outputs & DOR_NOT_RESET) == 0) {
      return 0;
    }
    return switch (phase) {
      case COMMAND -> MSR_REQUEST | busy;
      case EXECUTION -> MSR_REQUEST | MSR_NO_DMA | busy | (reading() ? MSR_TO_HOST : 0);
      case BUSY -> busy;
      case RESULT -> MSR_REQUEST | MSR_TO_HOST | busy;
    };
  }

  private int readData() {
    if (phase == Phase.EXECUTION && reading()) {
      int value = data[moved++] & 0xff;
      if (moved == data.length) {
        finish(0, ST1_END_OF_CYLINDER, ST0_ABNORMAL);
      }
      return value;
    }
    if (phase != Phase.RESULT) {
      return 0;
    }
    int value = result[resultAt++] & 0xff;
    line.set(false);
    if (resultAt == result.length) {
      phase = Phase.COMMAND;
      command = new byte[0];
    }
    return value;
  }

  private void writeData(int value) {
    if ((outputs & DOR_NOT_RESET) == 0) {
      return;
    }
    if (phase == Phase.EXECUTION && !reading()) {
      data[moved++] = (byte) value;
      if (moved == data.length) {
        taken();
      }
    } else if (phase == Phase.COMMAND) {
      command = Arrays.copyOf(command, command.length + 1);
      command[command.length - 1] = (byte) value;
      if (command.length == length(command[0] & 0xff)) {
        execute();
      }
    }
  }

  /** Bytes of a command, the first included. */
  private static int length(int code) {
    return switch (code & 0x1f) {
      case 0x02, 0x05, 0x06, 0x09, 0x0c, 0x11, 0x16, 0x19, 0x1d -> 9;
      case 0x03, 0x0f -> 3;
      case 0x04, 0x07, 0x0a, 0x12 -> code == 0x0e ? 1 : 2;
      case 0x0d -> 6;
      case 0x13 -> 4;
      default -> 1;
    };
  }

  private boolean reading() {
    int code = command.length == 0 ? 0 : command[0] & 0x1f;
    return code == 0x06 || code == 0x0c || code == 0x02;
  }

  private int drive() {
    return command.length > 1 ? command[1] & 3 : 0;
  }

  private int head() {
    return command.length > 1 ? command[1] >> 2 & 1 : 0;
  }

  private void execute() {
    int code = command[0] & 0xff;
    switch (code & 0x1f) {
      case 0x03 -> {
        noDma = (command[2] & 1) != 0;
        end();
      }
      case 0x04 -> results(senseDrive());
      case 0x07 -> seek(0);
      case 0x08 -> senseInterrupt();
      case 0x0f -> seek(command[2] & 0xff);
      case 0x0a -> readId();
      case 0x0d -> format();
      case 0x02, 0x06, 0x0c -> transfer(false);
      case 0x05, 0x09 -> transfer(true);
      case 0x16 -> verify();
      case 0x0e -> results(registers());
      case 0x10 -> results(code == 0x10 ? VERSION_82077 : ST0_INVALID);
      case 0x12 -> {
        perpendicular = command[1] & 0xff;
        end();
      }
      case 0x13 -> {
        configuration = command[2] & 0xff;
        precompensation = command[3] & 0xff;
        end();
      }
      case 0x14 -> {
        locked = (code & LOCK) != 0;
        results(locked ? 0x10 : 0);
      }
      case 0x18 -> results(code == 0x18 ? 0x41 : ST0_INVALID); // part ID: not an 82078
      default -> results(ST0_INVALID);
    }
  }

  private void end() {
    phase = Phase.COMMAND;
    command = new byte[0];
  }

  private void results(int... bytes) {
    result = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      result[i] = (byte) bytes[i];
    }
    resultAt = 0;
    phase = Phase.RESULT;
  }

  private int senseDrive() {
    boolean here = drive() == 0;
    boolean protect = here && medium.readOnly();
    return 0x28 | (protect ? 0x40 : 0) | (here && cylinder == 0 ? 0x10 : 0) | command[1] & 7;
  }

  private int[] registers() {
    return new int[] {
      cylinder,
      0,
      0,
      0,
      0xdf,
      noDma ? 3 : 2,
      lastSector(),
      locked ? 0x80 : 0,
      configuration,
      precompensation
    };
  }

  private int lastSector() {
    return geometry == null ? 18 : geometry.sectors();
  }

  private void seek(int to) {
    boolean here = drive() == 0;
    if (here) {
      cylinder = Math.min(to, 84);
      if (geometry != null) {
        changed = false; // a step with a disk in the drive clears the change line
      }
    }
    // A drive that is not there never finds track 0.
    boolean failed = !here && (command[0] & 0x1f) == 0x07;
    sense = ST0_SEEK_END | (failed ? 0x50 : 0) | head() << 2 | drive();
    end();
    interrupt();
  }

  private void senseInterrupt() {
    line.set(false);
    if (resetSenses > 0) {
      int reported = 0xc0 | 4 - resetSenses;
      resetSenses--;
      sense = -1;
      results(reported, cylinder);
    } else if (sense >= 0) {
      int reported = sense;
      sense = -1;
      results(reported, cylinder);
    } else {
      results(ST0_INVALID);
    }
  }

  private void readId() {
    if (geometry == null || drive() != 0) {
      finish(0, ST1_NO_DATA, ST0_ABNORMAL | ST0_NOT_READY);
      return;
    }
    status(0, 0, 0, cylinder, head(), 1);
  }

  /** Ends a command with the seven bytes of status and place. */
  private void status(int st0, int st1, int st2, int atCylinder, int atHead, int sector) {
    results(st0 | head() << 2 | drive(), st1, st2, atCylinder, atHead, sector, 2);
    interrupt();
  }

  /** Ends a data command; the place is where it was asked to begin plus what was moved. */
  private void finish(int st2, int st1, int st0) {
    int at = firstSector + (moved + SECTOR - 1) / SECTOR;
    FloppyGeometry g = geometry == null ? FloppyGeometry.HIGH_DENSITY : geometry;
    int sector = at % g.sectors() + 1;
    int atHead = at / g.sectors() % g.heads();
    int atCylinder = at / g.sectors() / g.heads();
    data = new byte[0];
    status(st0, st1, st2, atCylinder, atHead, sector);
  }

  private void transfer(boolean write) {
    int c = command[2] & 0xff;
    int h = command[3] & 0xff;
    int r = command[4] & 0xff;
    int last = command[6] & 0xff;
    boolean both = (command[0] & MULTI_TRACK) != 0;
    moved = 0;
    firstSector = 0;
    if (geometry == null || drive() != 0) {
      finish(0, ST1_NO_DATA, ST0_ABNORMAL | ST0_NOT_READY);
      return;
    }
    boolean there =
        c == cylinder
            && c < geometry.cylinders()
            && h == head()
            && h < geometry.heads()
            && r >= 1
            && r <= geometry.sectors()
            && command[5] == 2;
    if (there) {
      firstSector = (c * geometry.heads() + h) * geometry.sectors() + r - 1;
    }
    if (!there) {
      finish(0, ST1_NO_DATA, ST0_ABNORMAL);
      return;
    }
    if (write && medium.readOnly()) {
      finish(0, ST1_NOT_WRITABLE, ST0_ABNORMAL);
      return;
    }
    int end = Math.min(last, geometry.sectors());
    int sectors = Math.max(1, end - r + 1);
    if (both && h == 0 && geometry.heads() == 2) {
      sectors += geometry.sectors();
    }
    begin(write, sectors * SECTOR);
  }

  private void begin(boolean write, int most) {
    boolean byDma = (outputs & DOR_DMA) != 0 && !noDma;
    int length = byDma ? Math.min(most, dma.ready(DMA_CHANNEL, !write)) : most;
    if (length == 0) {
      finish(0, ST1_OVERRUN, ST0_ABNORMAL);
      return;
    }
    // Whole sectors are read and written; DMA may end within one.
    data = new byte[length + SECTOR - 1 & -SECTOR];
    if (!write) {
      submit(BlockRequest.Kind.READ);
    } else if (byDma) {
      moved = dma.move(DMA_CHANNEL, false, data, 0, length);
      submit(BlockRequest.Kind.WRITE);
    } else {
      phase = Phase.EXECUTION;
      interrupt();
    }
  }

  /** All programmed bytes of a write are here. */
  private void taken() {
    if ((command[0] & 0x1f) == 0x0d) {
      fillTrack();
    } else {
      submit(BlockRequest.Kind.WRITE);
    }
  }

  private void submit(BlockRequest.Kind kind) {
    phase = Phase.BUSY;
    int asked = ++generation;
    medium.submit(
        new MediumRequest(
            kind,
            (long) firstSector * SECTOR,
            data.length,
            List.of(ByteBuffer.wrap(data)),
            null,
            answer -> {
              synchronized (this) {
                if (asked == generation) {
                  answered(kind == BlockRequest.Kind.WRITE, answer);
                }
              }
            }));
  }

  private void answered(boolean write, BlockRequest.Result answer) {
    if (answer != BlockRequest.Result.OK) {
      moved = 0;
      int st1 =
          answer == BlockRequest.Result.READ_ONLY
              ? ST1_NOT_WRITABLE
              : answer == BlockRequest.Result.OUT_OF_RANGE ? ST1_NO_DATA : ST1_DATA_ERROR;
      finish(0, st1, ST0_ABNORMAL);
    } else if (write) {
      finish(0, 0, 0);
    } else if ((outputs & DOR_DMA) != 0 && !noDma) {
      moved = dma.move(DMA_CHANNEL, true, data, 0, data.length);
      finish(0, 0, 0);
    } else {
      moved = 0;
      phase = Phase.EXECUTION;
      interrupt();
    }
  }

  private void verify() {
    firstSector = 0;
    moved = 0;
    finish(0, geometry == null ? ST1_NO_DATA : 0, geometry == null ? ST0_ABNORMAL : 0);
  }

  /** FORMAT TRACK: takes four bytes a sector, and fills the sectors that they name. */
  private void format() {
    moved = 0;
    firstSector = 0;
    int sectors = command[3] & 0xff;
    if (geometry == null || drive() != 0 || head() >= geometry.heads()) {
      finish(0, ST1_NO_DATA, ST0_ABNORMAL | ST0_NOT_READY);
      return;
    }
    if (medium.readOnly()) {
      finish(0, ST1_NOT_WRITABLE, ST0_ABNORMAL);
      return;
    }
    if (sectors != geometry.sectors() || command[2] != 2 || cylinder >= geometry.cylinders()) {
      finish(0, ST1_NO_DATA, ST0_ABNORMAL); // another format than the image's
      return;
    }
    data = new byte[4 * sectors];
    if ((outputs & DOR_DMA) != 0 && !noDma) {
      dma.move(DMA_CHANNEL, false, data, 0, data.length);
      fillTrack();
    } else {
      phase = Phase.EXECUTION;
      interrupt();
    }
  }

  private void fillTrack() {
    byte filler = command[5];
    data = new byte[geometry.sectors() * SECTOR];
    Arrays.fill(data, filler);
    moved = data.length;
    firstSector = (cylinder * geometry.heads() + head()) * geometry.sectors();
    submit(BlockRequest.Kind.WRITE);
  }

  @Override
  public void pause() {
    medium.pause();
  }

  @Override
  public void resume() {
    medium.resume();
    start();
  }

  @Override
  public synchronized void start() {
    if (again) {
      again = false;
      submit(reading() ? BlockRequest.Kind.READ : BlockRequest.Kind.WRITE);
    }
  }

  @Override
  public synchronized void save(StateWriter out) {
    out.begin(name(), STATE_VERSION);
    out.writeInts(
        new int[] {
          outputs,
          rate,
          tape,
          phase.ordinal(),
          resultAt,
          sense,
          resetSenses,
          cylinder,
          configuration,
          precompensation,
          perpendicular,
          moved,
          firstSector
        });
    out.writeBoolean(changed);
    out.writeBoolean(noDma);
    out.writeBoolean(locked);
    out.writeBytes(command);
    out.writeBytes(result);
    out.writeBytes(data);
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    in.begin(name(), STATE_VERSION);
    int[] fields = new int[13];
    in.readInts(fields);
    forget();
    outputs = fields[0] & 0xff;
    rate = fields[1] & 0x7f;
    tape = fields[2] & 3;
    sense = fields[5] < 0 ? -1 : fields[5] & 0xff;
    resetSenses = Math.clamp(fields[6], 0, 4);
    cylinder = Math.clamp(fields[7], 0, 84);
    configuration = fields[8] & 0xff;
    precompensation = fields[9] & 0xff;
    perpendicular = fields[10] & 0xff;
    changed = in.readBoolean();
    noDma = in.readBoolean();
    locked = in.readBoolean();
    byte[] savedCommand = in.readBytes();
    byte[] savedResult = in.readBytes();
    byte[] savedData = in.readBytes();
    in.end();
    Phase saved = Phase.values()[Math.clamp(fields[3], 0, Phase.values().length - 1)];
    int whole = savedCommand.length == 0 ? 1 : length(savedCommand[0] & 0xff);
    boolean complete = savedCommand.length == whole;
    boolean sound =
        switch (saved) {
          case COMMAND -> savedCommand.length < whole;
          case RESULT -> complete && fields[4] >= 0 && fields[4] < savedResult.length;
          case EXECUTION ->
              complete && geometry != null && fields[11] >= 0 && fields[11] < savedData.length;
          case BUSY -> complete && savedData.length > 0 && savedData.length % SECTOR == 0;
        };
    boolean small = savedData.length <= 2 * 64 * SECTOR && savedResult.length <= 16;
    if (sound && small && fields[12] >= 0 && fields[12] < 4 * 84 * 64) {
      phase = saved;
      command = savedCommand;
      result = savedResult;
      data = savedData;
      resultAt = fields[4];
      moved = Math.clamp(fields[11], 0, data.length);
      firstSector = fields[12];
      again = saved == Phase.BUSY;
    }
  }
}

package org.wardian.chipset;

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

  private static final int VERSION_82077 = 0x90;
  private static final int NO_82078 = 0x41;
  private static final int LOCK = 0x80;

  /** The code of 512 bytes a sector. */
  private static final int SIZE_CODE = 2;

  private static final int MOST_RESULTS = 16;

  private final BlockDevice medium;
  private final InterruptLine line;
  private FloppyGeometry geometry;

  private int outputs;
  private int rate;
  private int tape;
  private FloppyPhase phase = FloppyPhase.COMMAND;
  private FloppyCommand command = FloppyCommand.NONE;
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

  private final FloppyTransfer transfer;
  private boolean again;

  /**
   * Makes a controller with a disk in its drive; one of length 0 is an empty drive.
   *
   * @param line ISA interrupt 6
   */
  public FloppyController(BlockDevice medium, InterruptLine line, Dma8237 dma) {
    this.medium = medium;
    this.line = line;
    this.transfer = new FloppyTransfer(medium, dma, this);
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
    transfer.forget();
    phase = FloppyPhase.COMMAND;
    command = FloppyCommand.NONE;
    result = new byte[0];
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
    int busy = !command.isEmpty() || phase != FloppyPhase.COMMAND ? MSR_BUSY : 0;
    if ((outputs & DOR_NOT_RESET) == 0) {
      return 0;
    }
    return switch (phase) {
      case COMMAND -> MSR_REQUEST | busy;
      case EXECUTION -> MSR_REQUEST | MSR_NO_DMA | busy | (command.reads() ? MSR_TO_HOST : 0);
      case BUSY -> busy;
      case RESULT -> MSR_REQUEST | MSR_TO_HOST | busy;
    };
  }

  private int readData() {
    if (phase == FloppyPhase.EXECUTION && command.reads()) {
      int value = transfer.take();
      if (transfer.isComplete()) {
        finish(0, ST1_END_OF_CYLINDER, ST0_ABNORMAL);
      }
      return value;
    }
    if (phase != FloppyPhase.RESULT) {
      return 0;
    }
    int value = result[resultAt++] & 0xff;
    line.set(false);
    if (resultAt == result.length) {
      end();
    }
    return value;
  }

  private void writeData(int value) {
    if ((outputs & DOR_NOT_RESET) == 0) {
      return;
    }
    if (phase == FloppyPhase.EXECUTION && !command.reads()) {
      transfer.put(value);
      if (transfer.isComplete()) {
        taken();
      }
    } else if (phase == FloppyPhase.COMMAND) {
      command = command.with(value);
      if (command.isComplete()) {
        execute();
      }
    }
  }

  private void execute() {
    int first = command.at(0);
    switch (command.code()) {
      case FloppyCommand.SPECIFY -> {
        noDma = (command.at(2) & 1) != 0;
        end();
      }
      case FloppyCommand.SENSE_DRIVE -> results(senseDrive());
      case FloppyCommand.RECALIBRATE -> seek(0);
      case FloppyCommand.SENSE_INTERRUPT -> senseInterrupt();
      case FloppyCommand.SEEK -> seek(command.at(2));
      case FloppyCommand.READ_ID -> readId();
      case FloppyCommand.FORMAT -> format();
      case FloppyCommand.READ_TRACK, FloppyCommand.READ, FloppyCommand.READ_DELETED ->
          transfer(false);
      case FloppyCommand.WRITE, FloppyCommand.WRITE_DELETED -> transfer(true);
      case FloppyCommand.VERIFY -> verify();
      case FloppyCommand.DUMP_REGISTERS -> results(registers());
      case FloppyCommand.VERSION ->
          results(first == FloppyCommand.VERSION ? VERSION_82077 : ST0_INVALID);
      case FloppyCommand.PERPENDICULAR -> {
        perpendicular = command.at(1);
        end();
      }
      case FloppyCommand.CONFIGURE -> {
        configuration = command.at(2);
        precompensation = command.at(3);
        end();
      }
      case FloppyCommand.LOCK -> {
        locked = (first & LOCK) != 0;
        results(locked ? 0x10 : 0);
      }
      case FloppyCommand.PART_ID ->
          results(first == FloppyCommand.PART_ID ? NO_82078 : ST0_INVALID);
      default -> results(ST0_INVALID);
    }
  }

  private void end() {
    phase = FloppyPhase.COMMAND;
    command = FloppyCommand.NONE;
  }

  private void results(int... bytes) {
    result = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      result[i] = (byte) bytes[i];
    }
    resultAt = 0;
    phase = FloppyPhase.RESULT;
  }

  private int senseDrive() {
    boolean here = command.drive() == 0;
    boolean protect = here && medium.readOnly();
    return 0x28 | (protect ? 0x40 : 0) | (here && cylinder == 0 ? 0x10 : 0) | command.at(1) & 7;
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
    boolean here = command.drive() == 0;
    if (here) {
      cylinder = Math.min(to, 84);
      if (geometry != null) {
        changed = false; // a step with a disk in the drive clears the change line
      }
    }
    // A drive that is not there never finds track 0.
    boolean failed = !here && command.code() == FloppyCommand.RECALIBRATE;
    sense = ST0_SEEK_END | (failed ? 0x50 : 0) | command.head() << 2 | command.drive();
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
    if (geometry == null || command.drive() != 0) {
      finish(0, ST1_NO_DATA, ST0_ABNORMAL | ST0_NOT_READY);
      return;
    }
    status(0, 0, 0, new FloppyPlace(cylinder, command.head(), 1));
  }

  /** Ends a command with the seven bytes of status and place. */
  private void status(int st0, int st1, int st2, FloppyPlace place) {
    int unit = command.head() << 2 | command.drive();
    results(st0 | unit, st1, st2, place.cylinder(), place.head(), place.sector(), SIZE_CODE);
    interrupt();
  }

  /** Ends a data command; the place is where it was asked to begin plus what was moved. */
  private void finish(int st2, int st1, int st0) {
    FloppyPlace place =
        command.isPlaced()
            ? command.place().behind(transfer.sectors(), command.lastSector(), command.bothHeads())
            : new FloppyPlace(cylinder, command.head(), 1);
    transfer.forget();
    status(st0, st1, st2, place);
  }

  /** Whether the command's drive has no disk; the command has ended then. */
  private boolean notReady() {
    transfer.at(0);
    if (geometry != null && command.drive() == 0) {
      return false;
    }
    finish(0, ST1_NO_DATA, ST0_ABNORMAL | ST0_NOT_READY);
    return true;
  }

  private boolean byDma() {
    return (outputs & DOR_DMA) != 0 && !noDma;
  }

  private void transfer(boolean write) {
    if (notReady()) {
      return;
    }
    FloppyPlace place = command.place();
    boolean there =
        place.cylinder() == cylinder
            && place.cylinder() < geometry.cylinders()
            && place.head() == command.head()
            && place.head() < geometry.heads()
            && place.sector() >= 1
            && place.sector() <= geometry.sectors()
            && command.sizeCode() == SIZE_CODE;
    if (!there) {
      finish(0, ST1_NO_DATA, ST0_ABNORMAL);
      return;
    }
    if (write && medium.readOnly()) {
      finish(0, ST1_NOT_WRITABLE, ST0_ABNORMAL);
      return;
    }
    transfer.at(firstOfTrack(place.head()) + place.sector() - 1);
    int end = Math.min(command.lastSector(), geometry.sectors());
    int sectors = Math.max(1, end - place.sector() + 1);
    if (command.bothHeads() && place.head() == 0 && geometry.heads() == 2) {
      sectors += geometry.sectors();
    }
    if (!transfer.begin(write, sectors, byDma())) {
      finish(0, ST1_OVERRUN, ST0_ABNORMAL);
    }
  }

  /** The first sector of a track of this cylinder, counted from the disk's first. */
  private int firstOfTrack(int head) {
    return (cylinder * geometry.heads() + head) * geometry.sectors();
  }

  /** Programmed transfers begin; of the transfer. */
  void awaitProgrammed() {
    phase = FloppyPhase.EXECUTION;
    interrupt();
  }

  /** The medium works from now on; of the transfer. */
  void awaitMedium() {
    phase = FloppyPhase.BUSY;
  }

  /** All programmed bytes of a write are here. */
  private void taken() {
    if (command.code() == FloppyCommand.FORMAT) {
      fillTrack();
    } else {
      transfer.submit(BlockRequest.Kind.WRITE);
    }
  }

  /** The medium is done; of the transfer, under this monitor. */
  void answered(boolean write, BlockRequest.Result answer) {
    if (answer != BlockRequest.Result.OK) {
      int st1 =
          answer == BlockRequest.Result.READ_ONLY
              ? ST1_NOT_WRITABLE
              : answer == BlockRequest.Result.OUT_OF_RANGE ? ST1_NO_DATA : ST1_DATA_ERROR;
      finish(0, st1, ST0_ABNORMAL);
    } else if (write) {
      finish(0, 0, 0);
    } else if (byDma()) {
      transfer.deliver();
      finish(0, 0, 0);
    } else {
      transfer.rewind();
      awaitProgrammed();
    }
  }

  private void verify() {
    transfer.at(0);
    finish(0, geometry == null ? ST1_NO_DATA : 0, geometry == null ? ST0_ABNORMAL : 0);
  }

  /** FORMAT TRACK: takes four bytes a sector, and fills the sectors that they name. */
  private void format() {
    if (notReady()) {
      return;
    }
    int sectors = command.at(3);
    boolean fits =
        command.head() < geometry.heads()
            && sectors == geometry.sectors()
            && command.at(2) == SIZE_CODE
            && cylinder < geometry.cylinders();
    if (medium.readOnly()) {
      finish(0, ST1_NOT_WRITABLE, ST0_ABNORMAL);
    } else if (!fits) {
      finish(0, ST1_NO_DATA, ST0_ABNORMAL); // another format than the image's
    } else {
      transfer.beginFormat(sectors, byDma());
      if (phase != FloppyPhase.EXECUTION) {
        fillTrack();
      }
    }
  }

  private void fillTrack() {
    transfer.at(firstOfTrack(command.head()));
    transfer.fill(geometry.sectors(), command.at(5));
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
      transfer.submit(command.reads() ? BlockRequest.Kind.READ : BlockRequest.Kind.WRITE);
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
          transfer.moved(),
          transfer.firstSector()
        });
    out.writeBoolean(changed);
    out.writeBoolean(noDma);
    out.writeBoolean(locked);
    out.writeBytes(command.bytes());
    out.writeBytes(result);
    transfer.saveData(out);
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
    FloppyCommand savedCommand = new FloppyCommand(in.readBytes());
    byte[] savedResult = in.readBytes();
    byte[] savedData = in.readBytes();
    in.end();
    FloppyPhase[] phases = FloppyPhase.values();
    FloppyPhase saved = phases[Math.clamp(fields[3], 0, phases.length - 1)];
    boolean complete = savedCommand.isComplete();
    boolean sound =
        switch (saved) {
          case COMMAND -> !complete && !savedCommand.isTooLong();
          case RESULT -> complete && fields[4] >= 0 && fields[4] < savedResult.length;
          case EXECUTION -> complete && geometry != null;
          case BUSY -> complete;
        };
    if (sound
        && savedResult.length <= MOST_RESULTS
        && FloppyTransfer.sound(saved, savedData.length, fields[11], fields[12])) {
      phase = saved;
      command = savedCommand;
      result = savedResult;
      resultAt = fields[4];
      transfer.load(savedData, fields[11], fields[12]);
      again = saved == FloppyPhase.BUSY;
    }
  }
}

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

  /** SENSE INTERRUPT STATUS where no interrupt is due. */
  private static final int INVALID = 0x80;

  /** Status of a drive whose ready line has changed. */
  private static final int READY_CHANGED = 0xc0;

  private static final int INPUT_CHANGED = 0x80;

  private static final int MOST_RESULTS = 16;

  private final BlockDevice medium;
  private final InterruptLine line;
  private final FloppyDrive drive;
  private final FloppyTransfer transfer;
  private final FloppyExecution execution;

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

  private boolean again;

  /**
   * Makes a controller with a disk in its drive; one of length 0 is an empty drive.
   *
   * @param line ISA interrupt 6
   */
  public FloppyController(BlockDevice medium, InterruptLine line, Dma8237 dma) {
    this.medium = medium;
    this.line = line;
    this.drive = new FloppyDrive(medium);
    this.transfer = new FloppyTransfer(medium, dma, this);
    this.execution = new FloppyExecution(this, drive, transfer);
    medium.onChange(this::mediumChanged);
  }

  private synchronized void mediumChanged() {
    drive.mediumChanged();
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
    execution.setModes(execution.modes().withLock(false));
    drive.reset();
    resetChip();
    resetSenses = 0;
  }

  private void resetChip() {
    forget();
    sense = -1;
    drive.forget();
    execution.setModes(execution.modes().afterReset());
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
    return spinning && (drive.changed() || !drive.hasDisk()) ? INPUT_CHANGED : 0;
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
    sense = READY_CHANGED;
    interrupt();
  }

  /** Raises the interrupt, where the guest lets it through. */
  void interrupt() {
    line.set(dmaEnabled());
  }

  /** Whether the guest lets interrupts and DMA requests through. */
  boolean dmaEnabled() {
    return (outputs & DOR_DMA) != 0;
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
      return execution.take();
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
      execution.put(value);
    } else if (phase == FloppyPhase.COMMAND) {
      command = command.with(value);
      if (command.isComplete()) {
        execution.execute();
      }
    }
  }

  /** The command under way, as far as it is there. */
  FloppyCommand command() {
    return command;
  }

  /** Ends a command without a result. */
  void end() {
    phase = FloppyPhase.COMMAND;
    command = FloppyCommand.NONE;
  }

  /** Ends a command with the bytes of its result. */
  void results(int... bytes) {
    result = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      result[i] = (byte) bytes[i];
    }
    resultAt = 0;
    phase = FloppyPhase.RESULT;
  }

  /** Ends a seek with the status that SENSE INTERRUPT STATUS is to report. */
  void sought(int status) {
    sense = status;
    end();
    interrupt();
  }

  /** SENSE INTERRUPT STATUS. */
  void senseInterrupt() {
    line.set(false);
    if (resetSenses > 0) {
      int reported = READY_CHANGED | 4 - resetSenses;
      resetSenses--;
      sense = -1;
      results(reported, drive.cylinder());
    } else if (sense >= 0) {
      int reported = sense;
      sense = -1;
      results(reported, drive.cylinder());
    } else {
      results(INVALID);
    }
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

  /** The medium is done; of the transfer, under this monitor. */
  void answered(boolean write, BlockRequest.Result answer) {
    execution.answered(write, answer);
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
    FloppyModes modes = execution.modes();
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
          drive.cylinder(),
          modes.configuration(),
          modes.precompensation(),
          modes.perpendicular(),
          transfer.moved(),
          transfer.firstSector()
        });
    out.writeBoolean(drive.changed());
    out.writeBoolean(modes.noDma());
    out.writeBoolean(modes.locked());
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
    drive.load(fields[7], in.readBoolean());
    execution.setModes(
        new FloppyModes(
            fields[8] & 0xff,
            fields[9] & 0xff,
            fields[10] & 0xff,
            in.readBoolean(),
            in.readBoolean()));
    FloppyCommand savedCommand = new FloppyCommand(in.readBytes());
    byte[] savedResult = in.readBytes();
    byte[] savedData = in.readBytes();
    in.end();
    FloppyPhase[] phases = FloppyPhase.values();
    FloppyPhase saved = phases[Math.clamp(fields[3], 0, phases.length - 1)];
    boolean complete = savedCommand.isComplete();
    boolean held = (outputs & DOR_NOT_RESET) == 0;
    boolean sound =
        switch (saved) {
          // In reset there is no command.
          case COMMAND -> held ? savedCommand.isEmpty() : !complete && !savedCommand.isTooLong();
          case RESULT -> complete && fields[4] >= 0 && fields[4] < savedResult.length;
          case EXECUTION, BUSY -> complete && savedCommand.isTransfer();
        };
    if (sound
        && (!held || saved == FloppyPhase.COMMAND)
        && savedResult.length <= MOST_RESULTS
        && FloppyTransfer.sound(saved, savedCommand, savedData.length, fields[11], fields[12])) {
      phase = saved;
      command = savedCommand;
      result = savedResult;
      resultAt = fields[4];
      transfer.load(savedData, fields[11], fields[12]);
      again = saved == FloppyPhase.BUSY;
    }
  }
}

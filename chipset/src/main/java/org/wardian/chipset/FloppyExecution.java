package org.wardian.chipset;

import org.wardian.storage.BlockRequest;

/**
 * The commands of a {@link FloppyController}, whose monitor guards this (82077AA data sheet §5 and
 * §6): what each does to drive, modes and data, and with what result it ends.
 */
final class FloppyExecution {
  private static final int ST0_ABNORMAL = 0x40;
  private static final int ST0_INVALID = 0x80;
  private static final int ST0_SEEK_END = 0x20;
  private static final int ST0_NOT_READY = 0x08;
  private static final int ST1_NO_DATA = 0x04;
  private static final int ST1_NOT_WRITABLE = 0x02;
  private static final int ST1_END_OF_CYLINDER = 0x80;
  private static final int ST1_OVERRUN = 0x10;
  private static final int ST1_DATA_ERROR = 0x20;

  private static final int VERSION_82077 = 0x90;
  private static final int NO_82078 = 0x41;
  private static final int LOCK = 0x80;

  /** The code of 512 bytes a sector. */
  private static final int SIZE_CODE = 2;

  private final FloppyController chip;
  private final FloppyDrive drive;
  private final FloppyTransfer transfer;
  private FloppyModes modes = FloppyModes.NONE;

  FloppyExecution(FloppyController chip, FloppyDrive drive, FloppyTransfer transfer) {
    this.chip = chip;
    this.drive = drive;
    this.transfer = transfer;
  }

  /** What commands have set. */
  FloppyModes modes() {
    return modes;
  }

  void setModes(FloppyModes set) {
    modes = set;
  }

  private FloppyCommand command() {
    return chip.command();
  }

  /** The next byte for the guest, of a command that reads. */
  int take() {
    int value = transfer.take();
    if (transfer.isComplete()) {
      finish(0, ST1_END_OF_CYLINDER, ST0_ABNORMAL);
    }
    return value;
  }

  /** The next byte from the guest, of a command that writes. */
  void put(int value) {
    transfer.put(value);
    if (!transfer.isComplete()) {
      return;
    }
    if (command().code() == FloppyCommand.FORMAT) {
      fillTrack();
    } else {
      transfer.submit(BlockRequest.Kind.WRITE);
    }
  }

  /** Does a command whose bytes are all there. */
  void execute() {
    FloppyCommand command = command();
    int first = command.at(0);
    switch (command.code()) {
      case FloppyCommand.SPECIFY -> {
        modes = modes.withNoDma((command.at(2) & 1) != 0);
        chip.end();
      }
      case FloppyCommand.SENSE_DRIVE -> chip.results(senseDrive());
      case FloppyCommand.RECALIBRATE -> seek(0);
      case FloppyCommand.SENSE_INTERRUPT -> chip.senseInterrupt();
      case FloppyCommand.SEEK -> seek(command.at(2));
      case FloppyCommand.READ_ID -> readId();
      case FloppyCommand.FORMAT -> format();
      case FloppyCommand.READ_TRACK, FloppyCommand.READ, FloppyCommand.READ_DELETED ->
          transfer(false);
      case FloppyCommand.WRITE, FloppyCommand.WRITE_DELETED -> transfer(true);
      case FloppyCommand.VERIFY -> verify();
      case FloppyCommand.DUMP_REGISTERS -> chip.results(registers());
      case FloppyCommand.VERSION ->
          chip.results(first == FloppyCommand.VERSION ? VERSION_82077 : ST0_INVALID);
      case FloppyCommand.PERPENDICULAR -> {
        modes = modes.withPerpendicular(command.at(1));
        chip.end();
      }
      case FloppyCommand.CONFIGURE -> {
        modes = modes.withConfiguration(command.at(2), command.at(3));
        chip.end();
      }
      case FloppyCommand.LOCK -> {
        modes = modes.withLock((first & LOCK) != 0);
        chip.results(modes.locked() ? 0x10 : 0);
      }
      case FloppyCommand.PART_ID ->
          chip.results(first == FloppyCommand.PART_ID ? NO_82078 : ST0_INVALID);
      default -> chip.results(ST0_INVALID);
    }
  }

  private int senseDrive() {
    boolean here = command().drive() == 0;
    boolean protect = here && drive.readOnly();
    boolean atTrack0 = here && drive.cylinder() == 0;
    return 0x28 | (protect ? 0x40 : 0) | (atTrack0 ? 0x10 : 0) | command().at(1) & 7;
  }

  private int[] registers() {
    return new int[] {
      drive.cylinder(),
      0,
      0,
      0,
      0xdf,
      modes.noDma() ? 3 : 2,
      drive.lastSector(),
      modes.locked() ? 0x80 : 0,
      modes.configuration(),
      modes.precompensation()
    };
  }

  private void seek(int to) {
    FloppyCommand command = command();
    boolean here = command.drive() == 0;
    if (here) {
      drive.seek(to);
    }
    // A drive that is not there never finds track 0.
    boolean failed = !here && command.code() == FloppyCommand.RECALIBRATE;
    chip.sought(ST0_SEEK_END | (failed ? 0x50 : 0) | command.head() << 2 | command.drive());
  }

  private void readId() {
    if (!drive.hasDisk() || command().drive() != 0) {
      finish(0, ST1_NO_DATA, ST0_ABNORMAL | ST0_NOT_READY);
      return;
    }
    status(0, 0, 0, new FloppyPlace(drive.cylinder(), command().head(), 1));
  }

  /** Ends a command with the seven bytes of status and place. */
  private void status(int st0, int st1, int st2, FloppyPlace place) {
    int unit = command().head() << 2 | command().drive();
    chip.results(st0 | unit, st1, st2, place.cylinder(), place.head(), place.sector(), SIZE_CODE);
    chip.interrupt();
  }

  /** Ends a data command; the place is where it was asked to begin plus what was moved. */
  private void finish(int st2, int st1, int st0) {
    FloppyCommand command = command();
    FloppyPlace place =
        command.isPlaced()
            ? command.place().behind(transfer.sectors(), command.lastSector(), command.bothHeads())
            : new FloppyPlace(drive.cylinder(), command.head(), 1);
    transfer.forget();
    status(st0, st1, st2, place);
  }

  /** Whether the command's drive has no disk; the command has ended then. */
  private boolean notReady() {
    transfer.at(0);
    if (drive.hasDisk() && command().drive() == 0) {
      return false;
    }
    finish(0, ST1_NO_DATA, ST0_ABNORMAL | ST0_NOT_READY);
    return true;
  }

  private boolean byDma() {
    return chip.dmaEnabled() && !modes.noDma();
  }

  private void transfer(boolean write) {
    if (notReady()) {
      return;
    }
    FloppyCommand command = command();
    FloppyPlace place = command.place();
    boolean there = drive.reaches(place, command.head()) && command.sizeCode() == SIZE_CODE;
    if (!there) {
      finish(0, ST1_NO_DATA, ST0_ABNORMAL);
      return;
    }
    if (write && drive.readOnly()) {
      finish(0, ST1_NOT_WRITABLE, ST0_ABNORMAL);
      return;
    }
    transfer.at(drive.firstOfTrack(place.head()) + place.sector() - 1);
    int sectors = drive.sectors(place, command.lastSector(), command.bothHeads());
    if (!transfer.begin(write, sectors, byDma())) {
      finish(0, ST1_OVERRUN, ST0_ABNORMAL);
    }
  }

  /** The medium is done. */
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
      chip.awaitProgrammed();
    }
  }

  private void verify() {
    transfer.at(0);
    finish(0, drive.hasDisk() ? 0 : ST1_NO_DATA, drive.hasDisk() ? 0 : ST0_ABNORMAL);
  }

  /** FORMAT TRACK: takes four bytes a sector, and fills the sectors that they name. */
  private void format() {
    if (notReady()) {
      return;
    }
    int sectors = command().at(3);
    boolean fits = drive.hasTrack(command().head(), sectors) && command().at(2) == SIZE_CODE;
    if (drive.readOnly()) {
      finish(0, ST1_NOT_WRITABLE, ST0_ABNORMAL);
    } else if (!fits) {
      finish(0, ST1_NO_DATA, ST0_ABNORMAL); // another format than the image's
    } else {
      transfer.beginFormat(sectors, byDma());
      if (byDma()) {
        fillTrack();
      }
    }
  }

  /** The disk may have been taken out since the command began. */
  private void fillTrack() {
    if (notReady()) {
      return;
    }
    transfer.at(drive.firstOfTrack(command().head()));
    transfer.fill(drive.lastSector(), command().at(5));
  }
}

package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.util.List;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.storage.BlockRequest;

/**
 * One cable of a parallel ATA controller with up to two drives (ATA/ATAPI-7 volume 2): registers,
 * programmed transfers and bus-master transfers. Its controller's monitor guards it.
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

  /** Bytes that are read from a medium at a time for programmed transfers. */
  private static final int CHUNK = 0x10000;

  private static final int PACKET_LENGTH = 12;

  /** Interrupt reasons of packet commands. */
  private static final int REASON_COMMAND = 1;

  private static final int REASON_TO_HOST = 2;

  /** What the channel waits for. */
  private enum Phase {
    /** A command. */
    IDLE,
    /** The medium. */
    MEDIUM,
    /** The guest, to read the data register. */
    TO_HOST,
    /** The guest, to write the data register. */
    FROM_HOST,
    /** The guest, to write a command packet. */
    PACKET,
    /** The guest, to start the bus master. */
    BUS_MASTER
  }

  private final Object monitor;
  private final InterruptLine line;
  private final AtaDrive[] drives = new AtaDrive[2];
  private final TaskFile[] files = {new TaskFile(), new TaskFile()};
  final BusMasterIde busMaster;

  private int selected;

  /** The drive that carries out a command, or did so last. */
  private int active;

  private int control;
  private boolean interrupting;

  private Phase phase = Phase.IDLE;
  private AtaAction action = AtaAction.FINISHED;
  private byte[] packet = new byte[0];
  private byte[] buffer = new byte[0];
  private int position;
  private int blockEnd;

  /** Most bytes of a packet command's data that the guest takes at once. */
  private int byteLimit = 2;

  /** Bytes of a medium's transfer before those in the buffer. */
  private long before;

  /** Counts commands, so that the answer to a forgotten one is known. */
  private int generation;

  /** Whether what was under way has to be asked again: after a state was loaded. */
  private boolean again;

  IdeChannel(Object monitor, InterruptLine line, Dma dma) {
    this.monitor = monitor;
    this.line = line;
    this.busMaster = new BusMasterIde(dma);
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
    forget();
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

  private void forget() {
    generation++;
    phase = Phase.IDLE;
    action = AtaAction.FINISHED;
    buffer = new byte[0];
    position = 0;
    blockEnd = 0;
    again = false;
  }

  private TaskFile file() {
    return files[selected];
  }

  private TaskFile running() {
    return files[active];
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
      forget();
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

  private void interrupt(boolean level) {
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
    if (drive == null || phase != Phase.IDLE && !reset || (control & CONTROL_RESET) != 0) {
      return;
    }
    forget();
    interrupt(false);
    active = selected;
    f.command = code;
    f.error = 0;
    packet = new byte[0];
    byteLimit = AtapiDrive.byteCountLimit(f);
    f.status = TaskFile.STATUS_READY | TaskFile.STATUS_BUSY;
    if (code == 0x90) {
      diagnose();
    } else {
      carryOut(drive.command(f));
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
    phase = Phase.IDLE;
    interrupt(true);
  }

  private void carryOut(AtaAction next) {
    action = next;
    TaskFile f = running();
    switch (next) {
      case AtaAction.Finished _ -> {
        phase = Phase.IDLE;
        interrupt(true);
      }
      case AtaAction.Packet _ -> {
        phase = Phase.PACKET;
        buffer = new byte[PACKET_LENGTH];
        blockEnd = PACKET_LENGTH;
        position = 0;
        ask(REASON_COMMAND, PACKET_LENGTH);
        f.status = TaskFile.STATUS_READY | TaskFile.STATUS_DATA_REQUEST;
      }
      case AtaAction.DataIn in -> {
        buffer = in.data();
        position = 0;
        blockEnd = 0;
        before = 0;
        if (in.dma()) {
          awaitBusMaster();
        } else {
          block();
        }
      }
      case AtaAction.DataOut out -> {
        buffer = new byte[out.length()];
        position = 0;
        blockEnd = 0;
        before = 0;
        if (out.dma()) {
          awaitBusMaster();
        } else {
          ask(0, out.length());
          blockEnd = buffer.length;
          phase = Phase.FROM_HOST;
          f.status = TaskFile.STATUS_READY | TaskFile.STATUS_DATA_REQUEST;
          interrupt(packet());
        }
      }
      case AtaAction.Media media -> {
        before = 0;
        if (media.dma()) {
          awaitBusMaster();
        } else if (media.write()) {
          nextChunk(media);
          block();
        } else {
          readChunk(media);
        }
      }
      case AtaAction.Order order -> {
        busy();
        submit(order.kind(), order.offset(), order.length(), List.of(), null);
      }
    }
  }

  private void busy() {
    phase = Phase.MEDIUM;
    running().status = TaskFile.STATUS_READY | TaskFile.STATUS_BUSY;
  }

  private void submit(
      BlockRequest.Kind kind,
      long offset,
      long length,
      List<ByteBuffer> buffers,
      Dma.Transfer transfer) {
    int asked = generation;
    drives[active].medium.submit(
        new MediumRequest(
            kind,
            offset,
            length,
            buffers,
            transfer,
            result -> {
              synchronized (monitor) {
                if (asked == generation) {
                  answered(result);
                }
              }
            }));
  }

  private void answered(BlockRequest.Result result) {
    TaskFile f = running();
    AtaDrive drive = drives[active];
    boolean ok = result == BlockRequest.Result.OK;
    if (action instanceof AtaAction.Media media) {
      if (media.dma()) {
        busMaster.ended(!ok);
      } else if (ok && !media.write()) {
        position = 0;
        block();
        return;
      } else if (ok && before + buffer.length < media.length()) {
        before += buffer.length;
        nextChunk(media);
        block();
        return;
      }
    }
    phase = Phase.IDLE;
    carryOut(drive.finished(f, action, result));
  }

  // Programmed transfers.

  private void nextChunk(AtaAction.Media media) {
    buffer = new byte[(int) Math.min(CHUNK, media.length() - before)];
    position = 0;
    blockEnd = 0;
  }

  private void readChunk(AtaAction.Media media) {
    nextChunk(media);
    busy();
    submit(
        BlockRequest.Kind.READ,
        media.offset() + before,
        buffer.length,
        List.of(ByteBuffer.wrap(buffer)),
        null);
  }

  /** Opens the next block of the buffer to the guest. */
  private void block() {
    boolean write = action instanceof AtaAction.Media media && media.write();
    boolean first = write && before == 0 && position == 0;
    int left = buffer.length - position;
    int length;
    if (!packet()) {
      length = action instanceof AtaAction.Media media ? media.block() : 512;
    } else {
      length = Math.min(left, byteLimit);
      ask(REASON_TO_HOST, length);
    }
    blockEnd = position + Math.min(left, length);
    phase = write ? Phase.FROM_HOST : Phase.TO_HOST;
    running().status =
        TaskFile.STATUS_READY | TaskFile.STATUS_SEEK_COMPLETE | TaskFile.STATUS_DATA_REQUEST;
    if (!first) {
      interrupt(true);
    }
  }

  private boolean packet() {
    return running().command == 0xa0;
  }

  /** Tells the guest what a packet command wants of it, and how much. */
  private void ask(int reason, int bytes) {
    if (packet()) {
      TaskFile f = running();
      f.count = reason;
      if (reason != REASON_COMMAND) {
        f.lbaMiddle = bytes & 0xff;
        f.lbaHigh = bytes >> 8 & 0xff;
      }
    }
  }

  /** Reads the data register: 2 or 4 bytes. */
  int readData(int size) {
    if (phase != Phase.TO_HOST || selected != active) {
      return 0;
    }
    int value = 0;
    for (int i = 0; i < size && position < blockEnd; i++) {
      value |= (buffer[position++] & 0xff) << 8 * i;
    }
    if (position >= blockEnd) {
      blockRead();
    }
    return value;
  }

  private void blockRead() {
    if (position < buffer.length) {
      block();
      return;
    }
    AtaDrive drive = drives[active];
    if (action instanceof AtaAction.Media media && before + buffer.length < media.length()) {
      before += buffer.length;
      readChunk(media);
      return;
    }
    TaskFile f = running();
    phase = Phase.IDLE;
    if (action instanceof AtaAction.Media) {
      drive.finished(f, action, BlockRequest.Result.OK);
    } else {
      drive.taken(f);
    }
    action = AtaAction.FINISHED;
    if (packet()) {
      interrupt(true); // the status of a packet command is a step of its own
    }
  }

  /** Writes the data register: 2 or 4 bytes. */
  void writeData(int size, int value) {
    if (phase != Phase.FROM_HOST && phase != Phase.PACKET || selected != active) {
      return;
    }
    int end = phase == Phase.PACKET ? buffer.length : blockEnd;
    for (int i = 0; i < size && position < end; i++) {
      buffer[position++] = (byte) (value >>> 8 * i);
    }
    if (position >= end) {
      blockWritten();
    }
  }

  private void blockWritten() {
    AtaDrive drive = drives[active];
    TaskFile f = running();
    if (phase == Phase.PACKET) {
      packet = buffer;
      busy();
      carryOut(drive.packet(f, packet));
    } else if (position < buffer.length) {
      block();
    } else if (action instanceof AtaAction.Media media) {
      writeChunk(media);
    } else {
      busy();
      carryOut(drive.received(f, buffer));
    }
  }

  private void writeChunk(AtaAction.Media media) {
    busy();
    submit(
        BlockRequest.Kind.WRITE,
        media.offset() + before,
        buffer.length,
        List.of(ByteBuffer.wrap(buffer)),
        null);
  }

  // Bus-master transfers.

  private void awaitBusMaster() {
    phase = Phase.BUS_MASTER;
    running().status =
        TaskFile.STATUS_READY | TaskFile.STATUS_SEEK_COMPLETE | TaskFile.STATUS_DATA_REQUEST;
    if (busMaster.started()) {
      transfer();
    }
  }

  int readBusMaster(int offset) {
    return busMaster.read(offset);
  }

  void writeBusMaster(int offset, int value) {
    if (busMaster.write(offset, value) && phase == Phase.BUS_MASTER) {
      transfer();
    }
  }

  private void transfer() {
    boolean toGuest =
        action instanceof AtaAction.DataIn
            || action instanceof AtaAction.Media media && !media.write();
    long length = action instanceof AtaAction.Media media ? media.length() : buffer.length;
    Dma.Transfer memory = busMaster.memory(length, toGuest);
    AtaDrive drive = drives[active];
    if (memory == null) {
      busMaster.ended(true);
      phase = Phase.IDLE;
      carryOut(AtaDrive.abort(running()));
      return;
    }
    busy();
    if (action instanceof AtaAction.Media media) {
      BlockRequest.Kind kind = media.write() ? BlockRequest.Kind.WRITE : BlockRequest.Kind.READ;
      submit(kind, media.offset(), media.length(), memory.buffers(), memory);
      return;
    }
    AtaAction next;
    if (toGuest) {
      memory.fill(buffer);
      memory.written();
      next = drive.taken(running());
    } else {
      next = drive.received(running(), memory.take(buffer.length));
    }
    memory.close();
    busMaster.ended(false);
    carryOut(next);
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
    if (again) {
      again = false;
      resubmit();
    }
  }

  private void resubmit() {
    AtaDrive drive = drives[active];
    if (drive == null || phase != Phase.MEDIUM) {
      return;
    }
    if (action instanceof AtaAction.Order order && running().command != 0x06) {
      submit(order.kind(), order.offset(), order.length(), List.of(), null);
    } else if (action instanceof AtaAction.Media media && !media.dma()) {
      if (media.write()) {
        writeChunk(media);
      } else {
        readChunk(media);
      }
    } else {
      // By bus master, the command is carried out from its start: its table has not changed.
      carryOut(packet.length > 0 ? drive.packet(running(), packet) : drive.command(running()));
    }
  }

  void save(StateWriter out) {
    out.writeInts(
        new int[] {selected, control, phase.ordinal(), position, blockEnd, byteLimit, active});
    out.writeBoolean(interrupting);
    out.writeBytes(packet);
    out.writeBytes(buffer);
    out.writeLong(before);
    AtaActionRecord.save(action, out);
    busMaster.save(out);
    for (int i = 0; i < 2; i++) {
      files[i].save(out);
      if (drives[i] != null) {
        drives[i].save(out);
      }
    }
  }

  void load(StateReader in) {
    forget();
    int[] fields = new int[7];
    in.readInts(fields);
    active = fields[6] & 1;
    selected = fields[0] & 1;
    control = fields[1] & 0xff;
    interrupting = in.readBoolean();
    packet = in.readBytes();
    buffer = in.readBytes();
    before = in.readLong();
    action = AtaActionRecord.load(in);
    busMaster.load(in);
    for (int i = 0; i < 2; i++) {
      files[i].load(in);
      if (drives[i] != null) {
        drives[i].load(in);
      }
    }
    phase = Phase.values()[Math.clamp(fields[2], 0, Phase.values().length - 1)];
    position = Math.clamp(fields[3], 0, buffer.length);
    blockEnd = Math.clamp(fields[4], position, buffer.length);
    byteLimit = Math.clamp(fields[5], 2, 0xfffe);
    boolean sound =
        packet.length <= PACKET_LENGTH
            && buffer.length <= CHUNK
            && before >= 0
            && (phase == Phase.IDLE
                || drives[active] != null && AtaActionRecord.fits(action, drives[active]));
    if (!sound) {
      forget();
    } else {
      again = phase == Phase.MEDIUM;
    }
    line.set(interrupting && enabled());
  }
}

package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.util.List;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.storage.BlockRequest;

/**
 * How a parallel ATA channel carries out a command of one of its drives: by programmed transfers or
 * by its bus master, with the medium's requests under way. The controller's monitor guards it.
 */
final class IdeTransfer {
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
  private final IdeChannel channel;
  private final BusMasterIde busMaster;

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

  IdeTransfer(Object monitor, IdeChannel channel, BusMasterIde busMaster) {
    this.monitor = monitor;
    this.channel = channel;
    this.busMaster = busMaster;
  }

  /** Whether no command is under way. */
  boolean idle() {
    return phase == Phase.IDLE;
  }

  /** Drops the command that is under way. */
  void forget() {
    generation++;
    phase = Phase.IDLE;
    action = AtaAction.FINISHED;
    buffer = new byte[0];
    position = 0;
    blockEnd = 0;
    again = false;
  }

  /** Begins to carry out the command in the running drive's task file. */
  void begin() {
    TaskFile f = running();
    packet = new byte[0];
    byteLimit = AtapiDrive.byteCountLimit(f);
    f.status = TaskFile.STATUS_READY | TaskFile.STATUS_BUSY;
    carryOut(drive().command(f));
  }

  private AtaDrive drive() {
    return channel.runningDrive();
  }

  private TaskFile running() {
    return channel.running();
  }

  private void carryOut(AtaAction next) {
    action = next;
    TaskFile f = running();
    switch (next) {
      case AtaAction.Finished _ -> {
        phase = Phase.IDLE;
        channel.interrupt(true);
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
          channel.interrupt(packet());
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
    drive()
        .medium
        .submit(
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
    AtaDrive drive = drive();
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
      channel.interrupt(true);
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
    if (phase != Phase.TO_HOST) {
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
    AtaDrive drive = drive();
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
      channel.interrupt(true); // the status of a packet command is a step of its own
    }
  }

  /** Writes the data register: 2 or 4 bytes. */
  void writeData(int size, int value) {
    if (phase != Phase.FROM_HOST && phase != Phase.PACKET) {
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
    AtaDrive drive = drive();
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

  /** The guest has started the bus master. */
  void busMasterStarted() {
    if (phase == Phase.BUS_MASTER) {
      transfer();
    }
  }

  private void transfer() {
    boolean toGuest =
        action instanceof AtaAction.DataIn
            || action instanceof AtaAction.Media media && !media.write();
    long length = action instanceof AtaAction.Media media ? media.length() : buffer.length;
    Dma.Transfer memory = busMaster.memory(length, toGuest);
    AtaDrive drive = drive();
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

  /** Before vCPUs run: asks again what was under way in the state that was loaded. */
  void goOn() {
    if (again) {
      again = false;
      resubmit();
    }
  }

  private void resubmit() {
    AtaDrive drive = drive();
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

  /** Its numbers, in the order of the record. */
  int[] numbers() {
    return new int[] {phase.ordinal(), position, blockEnd, byteLimit};
  }

  /** Writes all but {@link #numbers}. */
  void save(StateWriter out) {
    out.writeBytes(packet);
    out.writeBytes(buffer);
    out.writeLong(before);
    AtaActionRecord.save(action, out);
  }

  /** Reads what {@link #save} wrote. */
  void load(StateReader in) {
    packet = in.readBytes();
    buffer = in.readBytes();
    before = in.readLong();
    action = AtaActionRecord.load(in);
  }

  /** Takes the numbers of a loaded state; what does not fit together is forgotten. */
  void load(int... numbers) {
    phase = Phase.values()[Math.clamp(numbers[0], 0, Phase.values().length - 1)];
    position = Math.clamp(numbers[1], 0, buffer.length);
    blockEnd = Math.clamp(numbers[2], position, buffer.length);
    byteLimit = Math.clamp(numbers[3], 2, 0xfffe);
    boolean sound =
        packet.length <= PACKET_LENGTH
            && buffer.length <= CHUNK
            && before >= 0
            && (phase == Phase.IDLE || drive() != null && AtaActionRecord.fits(action, drive()));
    if (!sound) {
      forget();
    } else {
      again = phase == Phase.MEDIUM;
    }
  }
}

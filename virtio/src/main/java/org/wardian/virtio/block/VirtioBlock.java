package org.wardian.virtio.block;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockRequest;
import org.wardian.storage.Scatter;
import org.wardian.virtio.DeviceType;
import org.wardian.virtio.UnderWay;
import org.wardian.virtio.VirtioDevice;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.QueueViolation;
import org.wardian.virtio.queue.Virtqueue;

/** A disk (virtio 1.2 §5.2) in front of a {@link BlockDevice}, whose threads complete requests. */
public final class VirtioBlock extends VirtioDevice {
  private static final int QUEUE_SIZE = 256;

  /** Descriptors of a request that carry no data: header and status. */
  private static final int OVERHEAD = 2;

  /** So many requests a vCPU's thread takes out of the queue; the device's own takes the others. */
  private static final int MOST_AT_ONCE = 16;

  /** The most bytes of one segment, so that a chain of them is not beyond what a chain may have. */
  private static final int LARGEST_SEGMENT = 1 << 22;

  /** The most sectors of one discard or zeroing: 1 GiB. */
  private static final int MOST_RANGE_SECTORS = 1 << 21;

  private final BlockDevice disk;
  private final byte[] id;

  /** Requests that the disk has, by queue. */
  private final UnderWay underWay;

  /** Header of the request at hand; by queue, since each is served by one thread at a time. */
  private final ByteBuffer[] headers;

  /**
   * A disk.
   *
   * @param serial what the driver reads as the disk's ID: up to 20 ASCII characters
   * @param queues request queues
   */
  public VirtioBlock(String name, BlockDevice disk, String serial, int queues) {
    super(name, DeviceType.BLOCK, BlockProtocol.CONFIG_LENGTH, sizes(queues, QUEUE_SIZE), 1);
    this.disk = disk;
    this.id = new byte[BlockProtocol.ID_LENGTH];
    byte[] characters = serial.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(characters, 0, id, 0, Math.min(characters.length, id.length));
    this.underWay = new UnderWay(queues);
    this.headers = new ByteBuffer[queues];
    for (int i = 0; i < queues; i++) {
      headers[i] =
          ByteBuffer.allocate(BlockProtocol.HEADER + BlockProtocol.RANGE)
              .order(ByteOrder.LITTLE_ENDIAN);
    }
    configure(c ->
        c.putLong(BlockProtocol.CAPACITY, disk.length() / BlockProtocol.SECTOR)
            .putInt(BlockProtocol.LARGEST_SEGMENT, LARGEST_SEGMENT)
            .putInt(BlockProtocol.MOST_SEGMENTS, QUEUE_SIZE - OVERHEAD)
            .putInt(BlockProtocol.CONFIG_BLOCK_SIZE, disk.blockSize())
            .putShort(BlockProtocol.MINIMUM_IO, (short) 1)
            .put(BlockProtocol.WRITE_CACHE, (byte) 1)
            .putShort(BlockProtocol.QUEUES, (short) queues)
            .putInt(BlockProtocol.DISCARD_SECTORS, MOST_RANGE_SECTORS)
            .putInt(BlockProtocol.DISCARD_SEGMENTS, 1)
            .putInt(BlockProtocol.DISCARD_ALIGNMENT, disk.blockSize() / BlockProtocol.SECTOR)
            .putInt(BlockProtocol.ZERO_SECTORS, MOST_RANGE_SECTORS)
            .putInt(BlockProtocol.ZERO_SEGMENTS, 1)
            .put(BlockProtocol.ZERO_MAY_UNMAP, (byte) 1));
    disk.onChange(() ->
        reconfigure(c -> c.putLong(BlockProtocol.CAPACITY, disk.length() / BlockProtocol.SECTOR)));
  }

  @Override
  public long features() {
    return BlockProtocol.SIZE_MAX
        | BlockProtocol.SEG_MAX
        | BlockProtocol.BLOCK_SIZE
        | BlockProtocol.FLUSH
        | BlockProtocol.TOPOLOGY
        | BlockProtocol.CONFIG_WRITE_CACHE
        | (queues() > 1 ? BlockProtocol.MULTI_QUEUE : 0)
        | (disk.readOnly() ? BlockProtocol.READ_ONLY : BlockProtocol.WRITE_ZEROES)
        | (disk.discards() && !disk.readOnly() ? BlockProtocol.DISCARD : 0);
  }

  /** The driver turns the write cache on or off. */
  @Override
  public void writeConfiguration(int offset, int size, long value) {
    if (offset == BlockProtocol.WRITE_CACHE && size == 1) {
      configure(c -> c.put(BlockProtocol.WRITE_CACHE, (byte) (value & 1)));
    }
  }

  @Override
  protected void loadConfiguration(byte[] saved) {
    writeConfiguration(BlockProtocol.WRITE_CACHE, 1, saved[BlockProtocol.WRITE_CACHE]);
  }

  @Override
  protected void activated(Session begun) {
    if (!begun.has(BlockProtocol.CONFIG_WRITE_CACHE)) {
      // A driver that cannot flush wants its writes to be safe when they are done (§5.2.5.2).
      byte cached = (byte) (begun.has(BlockProtocol.FLUSH) ? 1 : 0);
      configure(c -> c.put(BlockProtocol.WRITE_CACHE, cached));
    }
  }

  private boolean writeThrough() {
    return readConfiguration(BlockProtocol.WRITE_CACHE) == 0;
  }

  @Override
  protected void serve(Session current, int queue) {
    Virtqueue requests = current.queue(queue);
    do {
      requests.silence();
      for (DescriptorChain chain = requests.poll(); chain != null; chain = requests.poll()) {
        begin(current, queue, chain);
      }
    } while (requests.listen());
  }

  /** Short reads of what the host has in memory; the rest is handed to the disk's threads. */
  @Override
  protected boolean serveAtOnce(Session current, int queue) {
    Virtqueue requests = current.queue(queue);
    for (int i = 0; i < MOST_AT_ONCE; i++) {
      DescriptorChain chain = requests.poll();
      if (chain != null) {
        begin(current, queue, chain);
      } else if (!requests.listen()) {
        return true;
      }
    }
    return false;
  }

  private void begin(Session current, int queue, DescriptorChain chain) {
    ByteBuffer header = headers[queue];
    int have = chain.read(0, header.array(), 0, header.capacity());
    if (have < BlockProtocol.HEADER || chain.writable() < 1) {
      throw new QueueViolation("a request without header or without room for its status");
    }
    int type = header.getInt(0);
    long sector = header.getLong(8);
    switch (type) {
      case BlockProtocol.IN ->
          transfer(BlockRequest.Kind.READ, queue, chain, sector, chain.writable() - 1);
      case BlockProtocol.OUT ->
          transfer(
              BlockRequest.Kind.WRITE,
              queue,
              chain,
              sector,
              chain.readable() - BlockProtocol.HEADER);
      case BlockProtocol.FLUSH_CACHE ->
          submit(new Request(BlockRequest.Kind.FLUSH, queue, chain, 0, 0, false));
      case BlockProtocol.GET_ID -> {
        int length = chain.write(0, id, 0, Math.min(id.length, chain.writable() - 1));
        finish(current.queue(queue), chain, BlockProtocol.OK, length);
      }
      case BlockProtocol.DISCARD_RANGE ->
          range(BlockRequest.Kind.DISCARD, current, queue, chain, features());
      case BlockProtocol.ZERO_RANGE ->
          range(BlockRequest.Kind.WRITE_ZEROES, current, queue, chain, features());
      default -> finish(current.queue(queue), chain, BlockProtocol.UNSUPPORTED, 0);
    }
  }

  private void transfer(
      BlockRequest.Kind kind, int queue, DescriptorChain chain, long sector, int length) {
    Request request = new Request(kind, queue, chain, offset(sector), length, false);
    if (length % BlockProtocol.SECTOR != 0) {
      underWay.begin(queue);
      request.completed(BlockRequest.Result.OUT_OF_RANGE);
    } else {
      submit(request);
    }
  }

  /** The byte at a sector; one that no disk has where the product does not fit. */
  private static long offset(long sector) {
    return sector < 0 || sector > Long.MAX_VALUE / BlockProtocol.SECTOR
        ? Long.MAX_VALUE / BlockProtocol.SECTOR * BlockProtocol.SECTOR
        : sector * BlockProtocol.SECTOR;
  }

  private void range(
      BlockRequest.Kind kind, Session current, int queue, DescriptorChain chain, long offered) {
    ByteBuffer header = headers[queue];
    boolean discard = kind == BlockRequest.Kind.DISCARD;
    long needed = discard ? BlockProtocol.DISCARD : BlockProtocol.WRITE_ZEROES;
    if ((offered & needed) == 0) {
      int status = disk.readOnly() ? BlockProtocol.IO_ERROR : BlockProtocol.UNSUPPORTED;
      finish(current.queue(queue), chain, status, 0);
      return;
    }
    if (chain.readable() != BlockProtocol.HEADER + BlockProtocol.RANGE) {
      finish(current.queue(queue), chain, BlockProtocol.IO_ERROR, 0);
      return;
    }
    long sector = header.getLong(BlockProtocol.HEADER);
    long sectors = Integer.toUnsignedLong(header.getInt(BlockProtocol.HEADER + 8));
    int flags = header.getInt(BlockProtocol.HEADER + 12);
    if ((flags & (discard ? -1 : ~BlockProtocol.RANGE_MAY_UNMAP)) != 0) {
      finish(current.queue(queue), chain, BlockProtocol.UNSUPPORTED, 0);
    } else if (sectors > MOST_RANGE_SECTORS) {
      finish(current.queue(queue), chain, BlockProtocol.IO_ERROR, 0);
    } else {
      submit(
          new Request(
              kind,
              queue,
              chain,
              offset(sector),
              sectors * BlockProtocol.SECTOR,
              (flags & BlockProtocol.RANGE_MAY_UNMAP) != 0));
    }
  }

  private static void finish(Virtqueue queue, DescriptorChain chain, int status, int written) {
    chain.write(chain.writable() - 1, new byte[] {(byte) status}, 0, 1);
    queue.complete(chain, written + 1);
    queue.signal();
  }

  private void submit(Request request) {
    underWay.begin(request.queue);
    if (!disk.tryNow(request)) {
      disk.submit(request);
    }
  }

  /** A request of the driver, on its way through the disk. */
  private final class Request extends BlockRequest {
    private final int queue;
    private final DescriptorChain chain;
    private final Virtqueue home;

    Request(
        Kind kind, int queue, DescriptorChain chain, long offset, long length, boolean mayUnmap) {
      super(kind, offset, length, List.of(), mayUnmap);
      this.queue = queue;
      this.chain = chain;
      this.home = chain.home();
    }

    @Override
    public List<ByteBuffer> buffers() {
      return switch (kind()) {
        case READ -> chain.writableBuffers(0, (int) length());
        case WRITE -> chain.readableBuffers(BlockProtocol.HEADER, (int) length());
        case FLUSH, WRITE_ZEROES, DISCARD -> List.of();
      };
    }

    @Override
    public Scatter memory() {
      return switch (kind()) {
        case READ -> Scatter.of(chain.writableVectors(0, (int) length()));
        case WRITE -> Scatter.of(chain.readableVectors(BlockProtocol.HEADER, (int) length()));
        case FLUSH, WRITE_ZEROES, DISCARD -> super.memory();
      };
    }

    @Override
    public void completed(Result result) {
      boolean wrote = kind() == Kind.WRITE || kind() == Kind.WRITE_ZEROES;
      if (result == Result.OK && wrote && writeThrough()) {
        disk.submit(new FlushAfter(this));
      } else {
        end(result);
      }
    }

    void end(Result result) {
      int written = 0;
      if (kind() == Kind.READ && result == Result.OK) {
        written = (int) length();
        chain.written(0, written);
      }
      int status =
          switch (result) {
            case OK -> BlockProtocol.OK;
            case UNSUPPORTED -> BlockProtocol.UNSUPPORTED;
            case IO_ERROR, NO_SPACE, READ_ONLY, OUT_OF_RANGE -> BlockProtocol.IO_ERROR;
          };
      finish(home, chain, status, written);
      underWay.end(queue);
    }
  }

  /** Brings a write to stable storage before the driver hears of it. */
  private static final class FlushAfter extends BlockRequest {
    private final Request write;

    FlushAfter(Request write) {
      super(Kind.FLUSH, 0, 0, List.of(), false);
      this.write = write;
    }

    @Override
    public void completed(Result result) {
      write.end(result);
    }
  }

  @Override
  protected void deactivated(Session ended) {
    underWay.drainAll();
    // A driver finds the cache on, whatever its predecessor had chosen.
    configure(c -> c.put(BlockProtocol.WRITE_CACHE, (byte) 1));
  }

  @Override
  protected void queueStopped(Session current, int queue) {
    underWay.drain(queue);
  }

  @Override
  protected void onPause() {
    disk.pause();
  }

  @Override
  protected void onResume() {
    disk.resume();
  }
}

package org.wardian.virtio.scsi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.storage.BlockRequest;
import org.wardian.virtio.DeviceType;
import org.wardian.virtio.UnderWay;
import org.wardian.virtio.VirtioDevice;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.QueueViolation;
import org.wardian.virtio.queue.Virtqueue;

/** A SCSI host (virtio 1.2 §5.6) with up to 256 targets, each of one unit. */
public final class VirtioScsi extends VirtioDevice {
  /** Number of targets. */
  public static final int TARGETS = 256;

  private static final int QUEUE_SIZE = 256;
  private static final int MOST_EVENTS = 32;
  private static final int MOST_SECTORS = 1 << 16;

  private final AtomicReferenceArray<ScsiUnit> units = new AtomicReferenceArray<>(TARGETS);

  /** Commands that units have, by target. */
  private final UnderWay underWay = new UnderWay(TARGETS);

  /** Targets whose medium has changed, to be told; guarded by itself. */
  private final Deque<Integer> events = new ArrayDeque<>();

  private volatile int senseSize = ScsiProtocol.SENSE_SIZE;
  private volatile int commandSize = ScsiProtocol.COMMAND_SIZE;

  /**
   * A host without units.
   *
   * @param queues request queues, 1 and up
   */
  public VirtioScsi(String name, int queues) {
    super(
        name,
        DeviceType.SCSI,
        ScsiProtocol.CONFIG_LENGTH,
        sizes(ScsiProtocol.FIRST_REQUEST_QUEUE + queues, QUEUE_SIZE),
        1);
    configure(c ->
        c.putInt(ScsiProtocol.CONFIG_QUEUES, queues)
            .putInt(ScsiProtocol.CONFIG_SEGMENTS, QUEUE_SIZE - 2)
            .putInt(ScsiProtocol.CONFIG_SECTORS, MOST_SECTORS)
            .putInt(ScsiProtocol.CONFIG_COMMANDS, QUEUE_SIZE)
            .putInt(ScsiProtocol.CONFIG_EVENT_SIZE, ScsiProtocol.EVENT_SIZE)
            .putInt(ScsiProtocol.CONFIG_SENSE_SIZE, ScsiProtocol.SENSE_SIZE)
            .putInt(ScsiProtocol.CONFIG_COMMAND_SIZE, ScsiProtocol.COMMAND_SIZE)
            .putShort(ScsiProtocol.CONFIG_TARGETS, (short) (TARGETS - 1))
            .putInt(ScsiProtocol.CONFIG_UNITS, 0));
  }

  /**
   * Adds a unit, before the machine starts.
   *
   * @return its target
   * @throws IllegalArgumentException where every target has one
   */
  public int add(ScsiUnit unit) {
    for (int target = 0; target < TARGETS; target++) {
      if (units.compareAndSet(target, null, unit)) {
        int number = target;
        unit.connect(() -> changed(number));
        return target;
      }
    }
    throw new IllegalArgumentException(name() + " has no room for another unit");
  }

  private void changed(int target) {
    synchronized (events) {
      if (events.size() < MOST_EVENTS && !events.contains(target)) {
        events.add(target);
      }
    }
    wake(ScsiProtocol.EVENT_QUEUE);
  }

  @Override
  public long features() {
    return ScsiProtocol.HOTPLUG | ScsiProtocol.CHANGE;
  }

  /** The driver chooses the length of commands and of sense data. */
  @Override
  public void writeConfiguration(int offset, int size, long value) {
    if (size != 4) {
      return;
    }
    int length = (int) value;
    if (offset == ScsiProtocol.CONFIG_SENSE_SIZE
        && length >= 0
        && length <= ScsiProtocol.MOST_SENSE) {
      senseSize = length;
      configure(c -> c.putInt(offset, length));
    } else if (offset == ScsiProtocol.CONFIG_COMMAND_SIZE
        && length > 0
        && length <= ScsiProtocol.MOST_COMMAND) {
      commandSize = length;
      configure(c -> c.putInt(offset, length));
    }
  }

  @Override
  protected void loadConfiguration(byte[] saved) {
    ByteBuffer fields = ByteBuffer.wrap(saved).order(ByteOrder.LITTLE_ENDIAN);
    for (int at : new int[] {ScsiProtocol.CONFIG_SENSE_SIZE, ScsiProtocol.CONFIG_COMMAND_SIZE}) {
      writeConfiguration(at, 4, fields.getInt(at));
    }
  }

  @Override
  protected void serve(Session current, int index) {
    Virtqueue queue = current.queue(index);
    if (index == ScsiProtocol.EVENT_QUEUE) {
      tellEvents(current, queue);
      return;
    }
    do {
      queue.silence();
      for (DescriptorChain chain = queue.poll(); chain != null; chain = queue.poll()) {
        if (index == ScsiProtocol.CONTROL_QUEUE) {
          control(queue, chain);
        } else {
          command(chain);
        }
      }
    } while (queue.listen());
  }

  /** The unit that a driver names (§5.6.6.1): target in byte 1, unit 0. */
  private static int target(byte[] request, int at) {
    boolean single = request[at] == 1;
    int unit = (request[at + 2] & 0x3f) << 8 | request[at + 3] & 0xff;
    return single && unit == 0 ? request[at + 1] & 0xff : -1;
  }

  // Commands.

  private void command(DescriptorChain chain) {
    int headerLength = ScsiProtocol.REQUEST_HEADER + commandSize;
    int answerLength = ScsiProtocol.RESPONSE_HEADER + senseSize;
    byte[] header = new byte[Math.max(headerLength, ScsiProtocol.REQUEST_HEADER + 16)];
    if (chain.read(0, header, 0, headerLength) < headerLength || chain.writable() < answerLength) {
      throw new QueueViolation("a request without command or without room for its answer");
    }
    byte[] command =
        Arrays.copyOfRange(
            header,
            ScsiProtocol.REQUEST_HEADER,
            ScsiProtocol.REQUEST_HEADER + ScsiTask.COMMAND_BYTES);
    int target = target(header, 0);
    Task task = new Task(command, chain, Math.max(0, target), headerLength, answerLength);
    ScsiUnit unit = target < 0 ? null : units.get(target);
    underWay.begin(task.target);
    if (unit == null) {
      // A unit that is not there on a target that is answers questions; a target that is not, none.
      task.respond(ScsiProtocol.BAD_TARGET);
    } else {
      task.unit = unit;
      unit.execute(task);
    }
  }

  /** A command of the driver. */
  private final class Task extends ScsiTask {
    private final DescriptorChain chain;
    private final int target;
    private final int headerLength;
    private final int answerLength;
    private ScsiUnit unit;

    Task(byte[] command, DescriptorChain chain, int target, int headerLength, int answerLength) {
      super(command);
      this.chain = chain;
      this.target = target;
      this.headerLength = headerLength;
      this.answerLength = answerLength;
    }

    @Override
    int sent() {
      return chain.readable() - headerLength;
    }

    @Override
    int read(int offset, byte[] to, int count) {
      return chain.read(headerLength + offset, to, 0, count);
    }

    @Override
    List<ByteBuffer> sentBuffers(int count) {
      return chain.readableBuffers(headerLength, count);
    }

    @Override
    int room() {
      return chain.writable() - answerLength;
    }

    @Override
    List<ByteBuffer> roomBuffers(int count) {
      return chain.writableBuffers(answerLength, count);
    }

    @Override
    void reply(byte[] data, int allocated) {
      int length = Math.min(data.length, allocated);
      int given = chain.write(answerLength, data, 0, length);
      answer(given, null, ScsiProtocol.OK);
    }

    @Override
    void finish(int filled, Sense sense, boolean overrun) {
      chain.written(answerLength, filled);
      answer(filled, sense, overrun ? ScsiProtocol.OVERRUN : ScsiProtocol.OK);
    }

    void respond(int response) {
      answer(0, null, response);
    }

    private void answer(int filled, Sense sense, int response) {
      byte[] senseData = sense == null ? new byte[0] : sense.data();
      int senseLength = Math.min(senseData.length, answerLength - ScsiProtocol.RESPONSE_HEADER);
      byte[] answer =
          ByteBuffer.allocate(ScsiProtocol.RESPONSE_HEADER + senseLength)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putInt(senseLength)
              .putInt(residual(filled, sense == null && response == ScsiProtocol.OK))
              .putShort((short) 0)
              .put((byte) (sense == null ? 0 : 2)) // GOOD, CHECK CONDITION
              .put((byte) response)
              .put(senseData, 0, senseLength)
              .array();
      chain.write(0, answer, 0, answer.length);
      Virtqueue home = chain.home();
      home.complete(chain, answerLength + filled);
      home.signal();
      underWay.end(target);
    }

    /** Bytes that did not move: a command that was done has taken all that was sent. */
    private int residual(int filled, boolean done) {
      if (sent() > 0) {
        return done ? 0 : sent();
      }
      return room() - filled;
    }

    @Override
    void submit(
        BlockRequest.Kind kind,
        long offset,
        long length,
        List<ByteBuffer> buffers,
        boolean mayUnmap,
        Ending ending) {
      unit.medium.submit(
          new BlockRequest(kind, offset, length, buffers, mayUnmap) {
            @Override
            public void completed(Result result) {
              ending.ended(result);
            }
          });
    }
  }

  // Control.

  private void control(Virtqueue queue, DescriptorChain chain) {
    byte[] request = new byte[ScsiProtocol.TASK_MANAGEMENT_LENGTH];
    int length = chain.read(0, request, 0, request.length);
    int type = length < 4 ? -1 : ByteBuffer.wrap(request).order(ByteOrder.LITTLE_ENDIAN).getInt(0);
    byte[] answer =
        switch (type) {
          case ScsiProtocol.TASK_MANAGEMENT -> {
            if (length < ScsiProtocol.TASK_MANAGEMENT_LENGTH) {
              throw new QueueViolation("half a task management request");
            }
            yield new byte[] {(byte) manage(request)};
          }
          case ScsiProtocol.NOTIFICATION_QUERY, ScsiProtocol.NOTIFICATION_SUBSCRIBE -> {
            if (length < ScsiProtocol.NOTIFICATION_LENGTH) {
              throw new QueueViolation("half a request for notifications");
            }
            // None of the asynchronous events of MMC is told.
            yield new byte[] {0, 0, 0, 0, ScsiProtocol.OK};
          }
          default -> throw new QueueViolation("a control request of type " + type);
        };
    if (chain.writable() < answer.length) {
      throw new QueueViolation("no room for the answer to a control request");
    }
    queue.complete(chain, chain.write(0, answer, 0, answer.length));
    queue.signal();
  }

  /** Commands cannot be taken back from the host: to abort them is to wait for their end. */
  private int manage(byte[] request) {
    int function = ByteBuffer.wrap(request).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
    int target = target(request, 8);
    ScsiUnit unit = target < 0 ? null : units.get(target);
    if (unit == null) {
      return target < 0 ? ScsiProtocol.INCORRECT_UNIT : ScsiProtocol.BAD_TARGET;
    }
    return switch (function) {
      case ScsiProtocol.ABORT_TASK, ScsiProtocol.ABORT_TASK_SET, ScsiProtocol.CLEAR_TASK_SET -> {
        underWay.drain(target);
        yield ScsiProtocol.FUNCTION_COMPLETE;
      }
      case ScsiProtocol.UNIT_RESET, ScsiProtocol.NEXUS_RESET -> {
        underWay.drain(target);
        unit.reset();
        yield ScsiProtocol.FUNCTION_COMPLETE;
      }
      case ScsiProtocol.QUERY_TASK, ScsiProtocol.QUERY_TASK_SET -> ScsiProtocol.FUNCTION_COMPLETE;
      default -> ScsiProtocol.FUNCTION_REJECTED;
    };
  }

  // Events.

  private void tellEvents(Session current, Virtqueue queue) {
    while (true) {
      synchronized (events) {
        if (events.isEmpty() || !current.has(ScsiProtocol.CHANGE)) {
          events.clear();
          return;
        }
      }
      DescriptorChain chain = queue.poll();
      if (chain == null) {
        if (!queue.listen()) {
          return;
        }
        continue;
      }
      if (chain.writable() < ScsiProtocol.EVENT_SIZE) {
        throw new QueueViolation("no room for an event");
      }
      int target;
      synchronized (events) {
        target = events.remove();
      }
      // Its medium has changed, or its size.
      int reason = units.get(target) instanceof ScsiCdRom ? 0x28 : 0x2a | 0x09 << 8;
      byte[] event =
          ByteBuffer.allocate(ScsiProtocol.EVENT_SIZE)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putInt(ScsiProtocol.EVENT_PARAMETER_CHANGE)
              .put(new byte[] {1, (byte) target, 0x40, 0, 0, 0, 0, 0})
              .putInt(reason)
              .array();
      queue.complete(chain, chain.write(0, event, 0, event.length));
      queue.signal();
    }
  }

  // Life cycle.

  @Override
  protected void deactivated(Session ended) {
    underWay.drainAll();
    senseSize = ScsiProtocol.SENSE_SIZE;
    commandSize = ScsiProtocol.COMMAND_SIZE;
    configure(c ->
        c.putInt(ScsiProtocol.CONFIG_SENSE_SIZE, ScsiProtocol.SENSE_SIZE)
            .putInt(ScsiProtocol.CONFIG_COMMAND_SIZE, ScsiProtocol.COMMAND_SIZE));
    units().forEach(ScsiUnit::reset);
  }

  @Override
  protected void queueStopped(Session current, int queue) {
    underWay.drainAll();
  }

  private List<ScsiUnit> units() {
    return IntStream.range(0, TARGETS).mapToObj(units::get).filter(Objects::nonNull).toList();
  }

  @Override
  protected void onPause() {
    units().forEach(unit -> unit.medium.pause());
  }

  @Override
  protected void onResume() {
    units().forEach(unit -> unit.medium.resume());
  }

  @Override
  protected void saveDevice(StateWriter out) {
    units().forEach(unit -> unit.save(out));
  }

  @Override
  protected void loadDevice(StateReader in) {
    units().forEach(unit -> unit.load(in));
  }
}

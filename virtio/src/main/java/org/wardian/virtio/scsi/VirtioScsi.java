package org.wardian.virtio.scsi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.storage.BlockRequest;
import org.wardian.virtio.DeviceType;
import org.wardian.virtio.VirtioDevice;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.QueueViolation;
import org.wardian.virtio.queue.Virtqueue;

/**
 * A SCSI host (virtio 1.2 §5.6) with up to 256 targets of up to 16,384 units each, which may come
 * and go while a driver uses it.
 */
public final class VirtioScsi extends VirtioDevice {
  /** Number of targets. */
  public static final int TARGETS = 256;

  /** Number of units of a target. */
  public static final int UNITS = 1 << 14;

  private static final int QUEUE_SIZE = 256;
  private static final int MOST_EVENTS = 32;
  private static final int MOST_SECTORS = 1 << 16;

  private final ScsiUnits units = new ScsiUnits();

  /** What is to be told; guarded by itself. */
  private final Deque<Event> events = new ArrayDeque<>();

  /** Whether there were more than can be kept; guarded by {@link #events}. */
  private boolean missed;

  private volatile int senseSize = ScsiProtocol.SENSE_SIZE;
  private volatile int commandSize = ScsiProtocol.COMMAND_SIZE;

  /** What a unit's driver is told (§5.6.6.3). */
  private record Event(int type, int address, int reason, long feature) {}

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
            .putInt(ScsiProtocol.CONFIG_UNITS, UNITS - 1));
  }

  /**
   * Adds a unit as the only one of a target.
   *
   * @return its target
   * @throws IllegalArgumentException where every target has one
   */
  public int add(ScsiUnit unit) {
    for (int target = 0; target < TARGETS; target++) {
      if (!units.has(target)) {
        add(target, 0, unit);
        return target;
      }
    }
    throw new IllegalArgumentException(name() + " has no room for another unit");
  }

  /**
   * Adds a unit, of which a driver that uses the host is told.
   *
   * @throws IllegalArgumentException where the address is taken, or there is none
   */
  public void add(int target, int number, ScsiUnit unit) {
    if (target < 0 || target >= TARGETS || number < 0 || number >= UNITS) {
      throw new IllegalArgumentException(
          "%s has no target %d with unit %d".formatted(name(), target, number));
    }
    int address = ScsiUnits.address(target, number);
    if (!units.add(address, unit)) {
      throw new IllegalArgumentException(
          "%s: target %d, unit %d is taken".formatted(name(), target, number));
    }
    unit.connect(() -> changed(address));
    came(address, ScsiProtocol.REASON_RESCAN);
  }

  /**
   * Takes a unit out, of which the driver is told: returns when none of its commands is under way.
   * Nothing where there is none.
   */
  public void remove(int target, int number) {
    int address = ScsiUnits.address(target, number);
    ScsiUnit unit = units.remove(address);
    if (unit != null) {
      unit.medium.resume(); // What waits for the end of a pause ends now.
      unit.underWay.drain(0);
      came(address, ScsiProtocol.REASON_REMOVED);
    }
  }

  private void came(int address, int reason) {
    units.of(ScsiUnits.target(address)).stream()
        .filter(unit -> unit != units.at(address))
        .forEach(ScsiUnit::unitsChanged);
    tell(new Event(ScsiProtocol.EVENT_TRANSPORT_RESET, address, reason, ScsiProtocol.HOTPLUG));
  }

  /** The medium of a unit has changed, or its size. */
  private void changed(int address) {
    int reason = units.at(address) instanceof ScsiCdRom ? 0x28 : 0x2a | 0x09 << 8;
    tell(new Event(ScsiProtocol.EVENT_PARAMETER_CHANGE, address, reason, ScsiProtocol.CHANGE));
  }

  private void tell(Event event) {
    Session current = session();
    if (current == null || !current.has(event.feature())) {
      return; // A driver that comes finds what is there.
    }
    synchronized (events) {
      if (events.size() >= MOST_EVENTS) {
        missed = true;
      } else if (!events.contains(event)) {
        events.add(event);
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
      tellEvents(queue);
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

  /** The address that a driver names (§5.6.6.1): the target in byte 1, then the unit's. */
  private static int address(byte[] request, int at) {
    int unit = (request[at + 2] & 0x3f) << 8 | request[at + 3] & 0xff;
    return request[at] == 1 ? ScsiUnits.address(request[at + 1] & 0xff, unit) : -1;
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
    int address = address(header, 0);
    ScsiUnit unit = address < 0 ? null : units.at(address);
    Task task = new Task(command, chain, unit, headerLength, answerLength);
    if (unit != null && task.operation() == ScsiUnit.REPORT_LUNS) {
      units.report(task, ScsiUnits.target(address));
    } else if (unit != null) {
      unit.execute(task);
    } else if (address >= 0 && units.has(ScsiUnits.target(address))) {
      units.absent(task, ScsiUnits.target(address));
    } else {
      task.respond(ScsiProtocol.BAD_TARGET);
    }
  }

  /** A command of the driver. */
  private static final class Task extends ScsiTask {
    private final DescriptorChain chain;
    private final int headerLength;
    private final int answerLength;

    /** Null for one that is not there. */
    private final ScsiUnit unit;

    Task(byte[] command, DescriptorChain chain, ScsiUnit unit, int headerLength, int answerLength) {
      super(command);
      this.chain = chain;
      this.unit = unit;
      this.headerLength = headerLength;
      this.answerLength = answerLength;
      if (unit != null) {
        unit.underWay.begin(0);
      }
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
      if (unit != null) {
        unit.underWay.end(0);
      }
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
    int address = address(request, 8);
    ScsiUnit unit = address < 0 ? null : units.at(address);
    if (unit == null) {
      return address < 0 || units.has(ScsiUnits.target(address))
          ? ScsiProtocol.INCORRECT_UNIT
          : ScsiProtocol.BAD_TARGET;
    }
    return switch (function) {
      case ScsiProtocol.ABORT_TASK, ScsiProtocol.ABORT_TASK_SET, ScsiProtocol.CLEAR_TASK_SET -> {
        unit.underWay.drain(0);
        yield ScsiProtocol.FUNCTION_COMPLETE;
      }
      case ScsiProtocol.UNIT_RESET, ScsiProtocol.NEXUS_RESET -> {
        unit.underWay.drain(0);
        unit.reset();
        yield ScsiProtocol.FUNCTION_COMPLETE;
      }
      case ScsiProtocol.QUERY_TASK, ScsiProtocol.QUERY_TASK_SET -> ScsiProtocol.FUNCTION_COMPLETE;
      default -> ScsiProtocol.FUNCTION_REJECTED;
    };
  }

  // Events.

  private void tellEvents(Virtqueue queue) {
    while (true) {
      synchronized (events) {
        if (events.isEmpty()) {
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
      Event event;
      int lost;
      synchronized (events) {
        event = events.remove();
        lost = missed ? ScsiProtocol.EVENTS_MISSED : 0;
        missed = false;
      }
      int form = ScsiUnits.form(event.address()); // Linux takes it for the one of REPORT LUNS.
      byte[] bytes =
          ByteBuffer.allocate(ScsiProtocol.EVENT_SIZE)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putInt(event.type() | lost)
              .put((byte) 1)
              .put((byte) ScsiUnits.target(event.address()))
              .put((byte) (form >> 8))
              .put((byte) form)
              .putInt(0)
              .putInt(event.reason())
              .array();
      queue.complete(chain, chain.write(0, bytes, 0, bytes.length));
      queue.signal();
    }
  }

  // Life cycle.

  @Override
  protected void deactivated(Session ended) {
    synchronized (events) {
      events.clear();
      missed = false;
    }
    drainAll();
    senseSize = ScsiProtocol.SENSE_SIZE;
    commandSize = ScsiProtocol.COMMAND_SIZE;
    configure(c ->
        c.putInt(ScsiProtocol.CONFIG_SENSE_SIZE, ScsiProtocol.SENSE_SIZE)
            .putInt(ScsiProtocol.CONFIG_COMMAND_SIZE, ScsiProtocol.COMMAND_SIZE));
    units.all().forEach(ScsiUnit::reset);
  }

  private void drainAll() {
    units.all().forEach(unit -> unit.underWay.drain(0));
  }

  @Override
  protected void queueStopped(Session current, int queue) {
    drainAll();
  }

  @Override
  protected void onPause() {
    units.all().forEach(unit -> unit.medium.pause());
  }

  @Override
  protected void onResume() {
    units.all().forEach(unit -> unit.medium.resume());
  }

  @Override
  protected void saveDevice(StateWriter out) {
    units.save(out);
  }

  @Override
  protected void loadDevice(StateReader in) {
    units.load(in);
  }
}

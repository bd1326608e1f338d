package org.wardian.virtio.queue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.MemoryLoan;

/**
 * The device's side of a virtqueue (virtio 1.2 §2.6): chains come in by {@link #poll}, and go back
 * by {@link #complete} in whatever order. Any thread may call, several at a time.
 *
 * <p>What the driver writes is hostile: whatever breaks the rules throws {@link QueueViolation},
 * and nothing outside guest memory is touched.
 */
public abstract sealed class Virtqueue implements AutoCloseable permits SplitQueue, PackedQueue {
  final QueueLayout layout;
  final GuestMemory memory;
  final ChainBuilder chains;
  private final Runnable interrupt;

  /** The driver's area, that of descriptors, and ours: what {@link #lend} took. */
  private final List<MemoryLoan> areas = new ArrayList<>(3);

  /** By id: the chains that the device has. */
  private final DescriptorChain[] taken;

  /** Chains that a saved device had; they come first. */
  private final Deque<DescriptorChain> again = new ArrayDeque<>();

  private int takenCount;
  private long nextSequence;
  boolean closed;

  Virtqueue(GuestMemory memory, QueueLayout layout, Runnable interrupt) {
    this.memory = memory;
    this.layout = layout;
    this.chains = new ChainBuilder(memory, layout.indirect());
    this.interrupt = interrupt;
    this.taken = new DescriptorChain[layout.size()];
  }

  /**
   * Opens a queue that the driver has described.
   *
   * @param interrupt tells the driver that chains have come back; any thread
   * @throws QueueViolation where its areas are not in memory
   */
  public static Virtqueue open(GuestMemory memory, QueueLayout layout, Runnable interrupt) {
    Virtqueue queue =
        layout.packed()
            ? new PackedQueue(memory, layout, interrupt)
            : new SplitQueue(memory, layout, interrupt);
    try {
      queue.lendAreas();
      return queue;
    } catch (QueueViolation e) {
      queue.close();
      throw e;
    }
  }

  abstract void lendAreas();

  final MemoryLoan lend(long address, int length, boolean writes) {
    MemoryLoan loan = DescriptorChain.lend(memory, address, length, writes);
    areas.add(loan);
    return loan;
  }

  /** Descriptors of the queue. */
  public final int size() {
    return layout.size();
  }

  /**
   * The next chain that the driver made available, or null where there is none.
   *
   * @throws QueueViolation for a chain that cannot be
   */
  public final synchronized DescriptorChain poll() {
    if (closed) {
      return null;
    }
    if (!again.isEmpty()) {
      return again.poll();
    }
    DescriptorChain chain = next();
    if (chain != null) {
      if (taken[chain.id()] != null) {
        chain.close();
        throw new QueueViolation("descriptor " + chain.id() + " is the device's already");
      }
      take(chain);
    }
    return chain;
  }

  private void take(DescriptorChain chain) {
    taken[chain.id()] = chain;
    takenCount++;
    chain.home(this);
    chain.sequence = nextSequence++;
  }

  private boolean give(DescriptorChain chain) {
    if (!Objects.equals(taken[chain.id()], chain)) {
      throw new IllegalStateException("chain " + chain.id() + " is not the device's");
    }
    taken[chain.id()] = null;
    takenCount--;
    chain.close();
    return !closed;
  }

  /** Number of chains that the device has. */
  public final synchronized int taken() {
    return takenCount;
  }

  /** Undoes the last {@link #poll}: the chain comes again. */
  public final synchronized void unpoll(DescriptorChain chain) {
    again.addFirst(chain);
  }

  /**
   * Gives a chain back.
   *
   * @param written how many bytes at the start of its writable half were written
   */
  public final synchronized void complete(DescriptorChain chain, int written) {
    if (give(chain)) {
      put(chain.id(), chain.slots(), written, 0);
      publish(1, chain.slots());
    }
  }

  /**
   * Gives several chains back at once: the driver sees all of them or none.
   *
   * @param written by chain: how many bytes at the start of its writable half were written
   */
  public final synchronized void complete(List<DescriptorChain> chains, int[] written) {
    int slots = 0;
    boolean open = true;
    for (int i = 0; i < chains.size(); i++) {
      DescriptorChain chain = chains.get(i);
      open = give(chain);
      if (open) {
        put(chain.id(), chain.slots(), written[i], slots);
        slots += chain.slots();
        afterPut();
      }
    }
    if (open && !chains.isEmpty()) {
      publish(chains.size(), slots);
    }
  }

  /** Tells the driver of chains that came back, if it wants to know. */
  public final void signal() {
    boolean wanted;
    synchronized (this) {
      wanted = !closed && interruptWanted();
    }
    if (wanted) {
      interrupt.run();
    }
  }

  /** Asks the driver not to notify: the device looks by itself. */
  public final synchronized void silence() {
    if (!closed) {
      wantNotifications(false);
    }
  }

  /**
   * Asks the driver to notify of the next chain.
   *
   * @return whether there are chains already: the driver may not notify of those
   * @throws QueueViolation where the ring's state cannot be
   */
  public final synchronized boolean listen() {
    if (closed) {
      return false;
    }
    wantNotifications(true);
    return !again.isEmpty() || available();
  }

  /**
   * {@link #listen}, for a device that has undone what it polled because it was too little.
   *
   * @return whether there are chains that it has not seen yet
   * @throws QueueViolation where the ring's state cannot be
   */
  public final synchronized boolean listenForMore() {
    if (closed) {
      return false;
    }
    wantNotifications(true);
    return available();
  }

  /** The next chain, or null; the chain is not taken yet. */
  abstract DescriptorChain next();

  /**
   * Writes a used element, not yet visible to the driver.
   *
   * @param slotsBefore slots of the elements put since the last publication
   */
  abstract void put(int id, int slots, int written, int slotsBefore);

  /** After each {@link #put} of several. */
  void afterPut() {}

  /** Shows the driver what was put since the last time. */
  abstract void publish(int chains, int slots);

  /** Whether the driver wants to hear of what was published since the last call. */
  abstract boolean interruptWanted();

  abstract void wantNotifications(boolean wanted);

  abstract boolean available();

  /**
   * Writes indices and the chains that the device has. Whoever calls sees to it that no thread
   * works on the queue.
   */
  public final synchronized void save(StateWriter out) {
    saveIndices(out);
    List<DescriptorChain> chains = new ArrayList<>();
    for (DescriptorChain chain : taken) {
      if (chain != null) {
        chains.add(chain);
      }
    }
    chains.sort(Comparator.comparingLong(chain -> chain.sequence));
    out.writeInt(chains.size());
    chains.forEach(chain -> chain.save(out));
  }

  /**
   * Reads what {@link #save} wrote, into a queue just opened; the device's chains come from {@link
   * #poll} again.
   *
   * @throws StateException where it cannot be
   */
  public final synchronized void load(StateReader in) {
    loadIndices(in);
    int count = in.readInt(0, layout.size());
    for (int i = 0; i < count; i++) {
      DescriptorChain chain;
      try {
        chain = DescriptorChain.load(in, memory, layout.size());
      } catch (QueueViolation e) {
        throw new StateException("a saved chain cannot be: " + e.getMessage());
      }
      if (taken[chain.id()] != null) {
        chain.close();
        throw new StateException("chain " + chain.id() + " was saved twice");
      }
      take(chain);
      again.add(chain);
      loaded(chain.slots());
    }
  }

  abstract void saveIndices(StateWriter out);

  abstract void loadIndices(StateReader in);

  /** A chain of that many slots is the device's. */
  void loaded(int slots) {}

  /**
   * Ends the queue: nothing comes out of it, and what is completed later does not reach the driver.
   * Chains that the device still has keep their memory until they are completed.
   */
  @Override
  public final synchronized void close() {
    if (!closed) {
      closed = true;
      areas.forEach(MemoryLoan::close);
      // Nobody will complete these.
      for (DescriptorChain chain : again) {
        taken[chain.id()] = null;
        takenCount--;
        chain.close();
      }
      again.clear();
    }
  }
}

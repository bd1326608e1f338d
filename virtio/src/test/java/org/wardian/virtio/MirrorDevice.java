package org.wardian.virtio;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.Virtqueue;

/**
 * A device that gives every byte back inverted, out of order if it is told to, alone or several
 * chains at once.
 */
final class MirrorDevice extends VirtioDevice {
  private final Random random;
  private final boolean shuffles;
  private final List<DescriptorChain> held = new ArrayList<>();

  /** While true, chains stay with the device. */
  volatile boolean holds;

  MirrorDevice(int queues, int size, boolean shuffles, long seed) {
    super("mirror", DeviceType.ENTROPY, 4, sizes(queues, size), 1);
    this.shuffles = shuffles;
    this.random = new Random(seed);
  }

  @Override
  public long features() {
    return 1;
  }

  void say(int value) {
    reconfigure(c -> c.putInt(0, value));
  }

  void look() {
    wake(0);
  }

  @Override
  protected void serve(Session current, int index) {
    Virtqueue queue = current.queue(index);
    do {
      queue.silence();
      for (DescriptorChain chain = queue.poll(); chain != null; chain = queue.poll()) {
        held.add(chain);
        if (shuffles && held.size() > random.nextInt(8)) {
          giveBack();
        }
      }
      if (!holds) {
        giveBack();
      }
    } while (queue.listen());
  }

  private void giveBack() {
    if (shuffles) {
      Collections.shuffle(held, random);
    }
    int[] written = new int[held.size()];
    for (int i = 0; i < written.length; i++) {
      written[i] = mirror(held.get(i));
    }
    if (held.isEmpty()) {
      return;
    }
    Virtqueue queue = held.getFirst().home();
    if (shuffles && random.nextBoolean()) {
      queue.complete(held, written);
    } else {
      for (int i = 0; i < written.length; i++) {
        queue.complete(held.get(i), written[i]);
      }
    }
    held.clear();
    queue.signal();
  }

  private static int mirror(DescriptorChain chain) {
    byte[] bytes = new byte[chain.readable()];
    chain.read(0, bytes, 0, bytes.length);
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) ~bytes[i];
    }
    return chain.write(0, bytes, 0, bytes.length);
  }

  @Override
  protected void deactivated(Session ended) {
    for (DescriptorChain chain : held) {
      chain.home().complete(chain, 0);
    }
    held.clear();
  }

  @Override
  protected void saveDevice(StateWriter out) {
    out.writeInt(held.size());
  }

  @Override
  protected void loadDevice(StateReader in) {
    in.readInt();
  }
}

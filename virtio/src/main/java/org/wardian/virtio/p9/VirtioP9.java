package org.wardian.virtio.p9;

import java.nio.charset.StandardCharsets;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.storage.share.SharedFolder;
import org.wardian.virtio.DeviceType;
import org.wardian.virtio.VirtioDevice;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.Virtqueue;

/**
 * A folder of the host in the guest (virtio 1.2 §5.15): a guest mounts it by its tag. Requests are
 * answered in turn, by the device's thread.
 */
public final class VirtioP9 extends VirtioDevice {
  /** Longest tag, in bytes: what Linux takes. */
  public static final int LONGEST_TAG = 255;

  /** As many runs as Linux puts into one request. */
  private static final int QUEUE_SIZE = 128;

  private final P9Server server;

  /**
   * A device.
   *
   * @param tag by which the guest finds it: 1 to {@value #LONGEST_TAG} bytes of UTF-8
   */
  public VirtioP9(String name, SharedFolder folder, String tag) {
    super(
        name,
        DeviceType.NINE_P,
        P9Protocol.CONFIG_TAG + bytes(tag).length,
        sizes(1, QUEUE_SIZE),
        1);
    this.server = new P9Server(folder);
    configure(c -> c.putShort((short) bytes(tag).length).put(bytes(tag)).clear());
  }

  private static byte[] bytes(String tag) {
    byte[] bytes = tag.getBytes(StandardCharsets.UTF_8);
    if (bytes.length == 0 || bytes.length > LONGEST_TAG) {
      throw new IllegalArgumentException(
          "a shared folder's tag has 1 to " + LONGEST_TAG + " bytes, not: " + tag);
    }
    return bytes;
  }

  @Override
  public long features() {
    return P9Protocol.MOUNT_TAG;
  }

  @Override
  protected void serve(Session current, int index) {
    Virtqueue requests = current.queue(index);
    do {
      requests.silence();
      for (DescriptorChain chain = requests.poll(); chain != null; chain = requests.poll()) {
        requests.complete(chain, server.answer(chain));
        requests.signal();
      }
    } while (requests.listen());
  }

  @Override
  protected void deactivated(Session ended) {
    server.reset();
  }

  @Override
  protected void onStop() {
    server.reset();
  }

  @Override
  protected void saveDevice(StateWriter out) {
    server.save(out);
  }

  @Override
  protected void loadDevice(StateReader in) {
    server.load(in);
  }
}

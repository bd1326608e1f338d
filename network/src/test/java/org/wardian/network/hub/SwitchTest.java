package org.wardian.network.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.network.Frame;
import org.wardian.network.NetworkPort;
import org.wardian.network.wire.Ethernet;

class SwitchTest {
  private static final long ALL = 0xffff_ffff_ffffL;

  private final Switch hub = new Switch(1500);
  private final List<SwitchPort> ports = new ArrayList<>();

  /** A card: what it has received. */
  private BlockingQueue<Frame> card(SwitchPort port) {
    BlockingQueue<Frame> received = new LinkedBlockingQueue<>();
    port.attach(frame -> {
      received.add(frame);
      return true;
    });
    port.start();
    ports.add(port);
    return received;
  }

  @AfterEach
  void unplug() {
    ports.forEach(SwitchPort::close);
  }

  static Frame frame(long to, long from, int content) {
    byte[] bytes = new byte[60];
    Ethernet.write(bytes, 0, to, from, 0x88b5);
    bytes[14] = (byte) content;
    return Frame.complete(bytes, 0, bytes.length);
  }

  private static int next(BlockingQueue<Frame> card) throws InterruptedException {
    Frame frame = card.poll(120, TimeUnit.SECONDS);
    return frame == null ? -1 : frame.bytes()[frame.offset() + 14];
  }

  @Test
  void framesGoToWhereTheirDestinationWasHeard() throws InterruptedException {
    SwitchPort first = hub.port();
    SwitchPort second = hub.port();
    SwitchPort third = hub.port();
    BlockingQueue<Frame> one = card(first);
    BlockingQueue<Frame> two = card(second);
    BlockingQueue<Frame> three = card(third);
    assertThat(first.send(frame(ALL, 1, 10))).isTrue();
    assertThat(next(two)).isEqualTo(10);
    assertThat(next(three)).isEqualTo(10);
    assertThat(second.send(frame(1, 2, 11))).isTrue();
    assertThat(next(one)).isEqualTo(11);
    assertThat(first.send(frame(2, 1, 12))).isTrue();
    assertThat(next(two)).isEqualTo(12);
    // The third was not bothered, as its next frame shows.
    assertThat(first.send(frame(ALL, 1, 13))).isTrue();
    assertThat(next(three)).isEqualTo(13);
    assertThat(one).isEmpty();
  }

  @Test
  void aStationThatMovesIsFound() throws InterruptedException {
    SwitchPort first = hub.port();
    SwitchPort second = hub.port();
    SwitchPort third = hub.port();
    card(first);
    BlockingQueue<Frame> two = card(second);
    BlockingQueue<Frame> three = card(third);
    second.send(frame(ALL, 7, 1));
    assertThat(next(three)).isEqualTo(1);
    third.send(frame(ALL, 7, 2));
    assertThat(next(two)).isEqualTo(2);
    first.send(frame(7, 1, 3));
    assertThat(next(three)).isEqualTo(3);
    second.close();
    first.send(frame(8, 1, 4));
    assertThat(next(three)).isEqualTo(4);
  }

  @Test
  void aMillionAddressesAndABroadcastStormAreBounded() {
    SwitchPort first = hub.port();
    SwitchPort second = hub.port();
    ports.add(first);
    first.start();
    CountDownLatch never = new CountDownLatch(1);
    second.attach(frame -> {
      try {
        // A card that hangs.
        return never.await(120, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        return true;
      }
    });
    second.start();
    ports.add(second);
    int taken = 0;
    for (int i = 0; i < 100_000; i++) {
      taken += first.send(frame(ALL, 2 + (i << 8), i)) ? 1 : 0;
    }
    assertThat(hub.stations()).isLessThanOrEqualTo(4096);
    assertThat(taken).as("frames that wait").isLessThanOrEqualTo(1025);
    never.countDown();
  }

  @Test
  void aCardThatHasNoRoomGetsTheFrameLater() throws InterruptedException {
    SwitchPort first = hub.port();
    SwitchPort second = hub.port();
    card(first);
    BlockingQueue<Frame> received = new LinkedBlockingQueue<>();
    CountDownLatch refused = new CountDownLatch(1);
    second.attach(
        new NetworkPort.Receiver() {
          private boolean full = true;

          @Override
          public boolean receive(Frame frame) {
            if (full) {
              full = false;
              refused.countDown();
              return false;
            }
            received.add(frame);
            return true;
          }
        });
    second.start();
    ports.add(second);
    first.send(frame(ALL, 1, 5));
    assertThat(refused.await(120, TimeUnit.SECONDS)).isTrue();
    assertThat(received).isEmpty();
    // The port may not wait yet when this says so: it is said again until it hears.
    int got = -1;
    for (int i = 0; i < 1200 && got < 0; i++) {
      second.ready();
      Frame frame = received.poll(100, TimeUnit.MILLISECONDS);
      got = frame == null ? -1 : frame.bytes()[14];
    }
    assertThat(got).isEqualTo(5);
  }

  @Test
  void nothingIsDeliveredInAPause() throws InterruptedException {
    SwitchPort first = hub.port();
    SwitchPort second = hub.port();
    card(first);
    BlockingQueue<Frame> two = card(second);
    second.pause();
    first.send(frame(ALL, 1, 6));
    assertThat(two.poll(100, TimeUnit.MILLISECONDS)).isNull();
    second.resume();
    assertThat(next(two)).isEqualTo(6);
  }
}

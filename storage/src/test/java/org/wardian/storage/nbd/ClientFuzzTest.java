package org.wardian.storage.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Servers that say anything: answers that are nearly right, with bytes changed. Each request ends,
 * by an answer or an {@link IOException}; a read that succeeds has had all of its bytes sent.
 */
class ClientFuzzTest {
  private static final long SEED = Long.getLong("wardian.fuzz.seed", 12);
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 10_000);
  private static final int REQUESTS = 3;
  private static final int READ = 2048;
  private static final byte UNTOUCHED = (byte) 0xaa;

  private Random random;
  private int completeReads;

  /** What became of a request. */
  private static final class Outcome {
    private Throwable failure;
  }

  @Test
  void everyRequestEndsWhateverTheServerSays() throws InterruptedException {
    for (int i = 0; i < ITERATIONS; i++) {
      random = new Random(SEED * 1_000_003 + i);
      try {
        one();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("case " + i + " of seed " + SEED, e);
      }
    }
    assertThat(completeReads).as("the answers are not all nonsense").isPositive();
  }

  private void one() throws InterruptedException {
    boolean structured = random.nextInt(4) > 0;
    ScriptedWire wire =
        new ScriptedWire(
            changed(handshake(structured), 8), changed(answers(structured), 3), REQUESTS);
    ClientConnection connection;
    try {
      connection = ClientConnection.open(wire, "disk", MetaContexts.ALLOCATION);
    } catch (IOException refused) {
      return;
    }
    ClientAgreement agreement = connection.agreement();
    assertThat(agreement.size()).isNotNegative();
    assertThat(agreement.largestPayload()).isBetween(agreement.smallestBlock(), 32 << 20);
    ByteBuffer target = ByteBuffer.allocateDirect(READ);
    for (int i = 0; i < READ; i++) {
      target.put(i, UNTOUCHED);
    }
    List<Outcome> outcomes = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    List<Call> calls = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      Outcome outcome = new Outcome();
      outcomes.add(outcome);
      Thread thread =
          Thread.ofVirtual()
              .unstarted(() -> {
                try {
                  Call call = call(target);
                  synchronized (calls) {
                    calls.add(call);
                  }
                  ByteBuffer data =
                      call.type == Protocol.CMD_WRITE ? ByteBuffer.allocate(512) : null;
                  connection.carryOut(0, call, data);
                } catch (IOException e) {
                  outcome.failure = e;
                }
              });
      thread.setUncaughtExceptionHandler((dead, failure) -> outcome.failure = failure);
      threads.add(thread);
    }
    next = 0;
    threads.forEach(Thread::start);
    wire.awaitRequests();
    connection.receive();
    for (Thread each : threads) {
      each.join();
    }
    check(calls, outcomes, target);
    connection.close();
  }

  private int next;

  private synchronized Call call(ByteBuffer target) {
    return switch (next++) {
      case 0 -> new Call(Protocol.CMD_READ, 4096, READ, target);
      case 1 -> new Call(Protocol.CMD_BLOCK_STATUS, 0, 1 << 20, null);
      default -> new Call(Protocol.CMD_WRITE, 0, 512, null);
    };
  }

  private void check(List<Call> calls, List<Outcome> outcomes, ByteBuffer target) {
    for (Outcome each : outcomes) {
      assertThat(each.failure)
          .satisfiesAnyOf(
              failure -> assertThat(failure).isNull(),
              failure -> assertThat(failure).isInstanceOf(IOException.class));
    }
    boolean lost = outcomes.stream().anyMatch(each -> each.failure != null);
    for (Call call : calls) {
      if (!lost && call.type == Protocol.CMD_READ && call.error == 0) {
        completeReads++;
        for (int i = 0; i < READ; i++) {
          assertThat(target.get(i)).as("byte %d", i).isNotEqualTo(UNTOUCHED);
        }
      }
      if (!lost && call.type == Protocol.CMD_BLOCK_STATUS && call.error == 0) {
        long sum = call.statuses.stream().mapToLong(Call.Status::length).sum();
        assertThat(sum).isBetween(1L, call.length);
      }
    }
  }

  private byte[] changed(byte[] bytes, int rarely) {
    if (bytes.length == 0 || random.nextInt(rarely) > 0) {
      return bytes;
    }
    byte[] changed = bytes.clone();
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      byte value = (byte) random.nextInt();
      // What is looked for afterwards must come from nowhere else.
      changed[random.nextInt(changed.length)] = value == UNTOUCHED ? 0 : value;
    }
    return random.nextInt(4) == 0
        ? Arrays.copyOf(changed, random.nextInt(changed.length + 1))
        : changed;
  }

  private static void reply(ByteArrayOutputStream to, int option, int type, byte... data) {
    ByteBuffer head = ByteBuffer.allocate(20).putLong(Protocol.OPTION_REPLY);
    to.writeBytes(head.putInt(option).putInt(type).putInt(data.length).array());
    to.writeBytes(data);
  }

  private byte[] handshake(boolean structured) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    if (!structured && random.nextInt(3) == 0) {
      ByteBuffer old = ByteBuffer.allocate(152).putLong(Protocol.NBDMAGIC);
      old.putLong(Protocol.OLD_STYLE).putLong(1 << 20).putInt(0x6d);
      return old.array();
    }
    ByteBuffer greeting = ByteBuffer.allocate(18).putLong(Protocol.NBDMAGIC);
    all.writeBytes(greeting.putLong(Protocol.IHAVEOPT).putShort((short) 3).array());
    reply(
        all, Protocol.OPT_STRUCTURED_REPLY, structured ? Protocol.REP_ACK : Protocol.REP_ERR_UNSUP);
    if (structured) {
      byte[] context = MetaContexts.ALLOCATION.getBytes(StandardCharsets.UTF_8);
      byte[] data = ByteBuffer.allocate(4 + context.length).putInt(1).put(context).array();
      reply(all, Protocol.OPT_SET_META_CONTEXT, Protocol.REP_META_CONTEXT, data);
      reply(all, Protocol.OPT_SET_META_CONTEXT, Protocol.REP_ACK);
    }
    if (random.nextInt(6) == 0) {
      reply(all, Protocol.OPT_GO, Protocol.REP_ERR_UNSUP);
      all.writeBytes(ByteBuffer.allocate(10).putLong(1 << 20).putShort((short) 0x6d).array());
      return all.toByteArray();
    }
    ByteBuffer blocks = ByteBuffer.allocate(14).putShort((short) Protocol.INFO_BLOCK_SIZE);
    reply(all, 7, Protocol.REP_INFO, blocks.putInt(512).putInt(4096).putInt(-1).array());
    ByteBuffer export = ByteBuffer.allocate(12).putShort((short) Protocol.INFO_EXPORT);
    reply(all, 7, Protocol.REP_INFO, export.putLong(1 << 20).putShort((short) 0x6d).array());
    reply(all, 7, Protocol.REP_ACK);
    return all.toByteArray();
  }

  private byte[] answers(boolean structured) {
    List<byte[]> messages = new ArrayList<>();
    // Requests have the numbers 1 to 3, in an order that only the threads know.
    List<Integer> order = new ArrayList<>(List.of(1, 2, 3));
    java.util.Collections.shuffle(order, random);
    for (int handle : order) {
      messages.add(structured ? structured(handle) : simple(handle));
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    messages.forEach(all::writeBytes);
    return all.toByteArray();
  }

  private byte[] simple(int handle) {
    boolean data = random.nextInt(3) == 0;
    ByteBuffer bytes = ByteBuffer.allocate(16 + (data ? READ : 0)).putInt(Protocol.SIMPLE_REPLY);
    return bytes.putInt(random.nextInt(4) == 0 ? 5 : 0).putLong(handle).array();
  }

  private byte[] structured(int handle) {
    return switch (random.nextInt(4)) {
      case 0 -> read(handle);
      case 1 -> {
        int count = 1 + random.nextInt(3);
        ByteBuffer data = ByteBuffer.allocate(4 + 8 * count).putInt(1);
        for (int i = 0; i < count; i++) {
          data.putInt(1 << 10 + random.nextInt(12)).putInt(random.nextInt(4));
        }
        yield chunk(1, Protocol.CHUNK_BLOCK_STATUS, handle, data.array());
      }
      case 2 -> chunk(1, Protocol.CHUNK_NONE, handle);
      default -> {
        ByteBuffer data = ByteBuffer.allocate(10).putInt(5).putShort((short) 4);
        yield chunk(1, Protocol.CHUNK_ERROR, handle, data.array());
      }
    };
  }

  /** A read in pieces and holes, in any order. */
  private byte[] read(int handle) {
    List<byte[]> pieces = new ArrayList<>();
    for (int at = 0; at < READ; ) {
      int step = Math.min(READ - at, 1 + random.nextInt(900));
      ByteBuffer data;
      if (random.nextBoolean()) {
        data = ByteBuffer.allocate(12).putLong(4096 + at).putInt(step);
        pieces.add(chunk(0, Protocol.CHUNK_OFFSET_HOLE, handle, data.array()));
      } else {
        data = ByteBuffer.allocate(8 + step).putLong(4096 + at);
        pieces.add(chunk(0, Protocol.CHUNK_OFFSET_DATA, handle, data.array()));
      }
      at += step;
    }
    java.util.Collections.shuffle(pieces, random);
    pieces.add(chunk(1, Protocol.CHUNK_NONE, handle));
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    pieces.forEach(all::writeBytes);
    return all.toByteArray();
  }

  private static byte[] chunk(int flags, int type, long handle, byte... data) {
    ByteBuffer bytes = ByteBuffer.allocate(20 + data.length).putInt(Protocol.STRUCTURED_REPLY);
    bytes.putShort((short) flags).putShort((short) type).putLong(handle).putInt(data.length);
    return bytes.put(data).array();
  }
}

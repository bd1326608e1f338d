package org.wardian.daemon.domain;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Who waits for a guest to let devices go, by the devices' names. */
final class Removals {
  /** What became of a request. */
  enum Outcome {
    /** The device is gone. */
    REMOVED,
    /** The guest keeps it. */
    REFUSED,
    /** The guest has not answered yet. */
    PENDING
  }

  private final Map<String, CompletableFuture<Outcome>> waiting = new ConcurrentHashMap<>();

  /** Begins to wait; before the guest is asked. */
  Wait await(String alias) {
    CompletableFuture<Outcome> future = new CompletableFuture<>();
    waiting.put(alias, future);
    return new Wait(alias, future);
  }

  /** Tells the one who waits. */
  void tell(String alias, Outcome outcome) {
    CompletableFuture<Outcome> future = waiting.remove(alias);
    if (future != null) {
      future.complete(outcome);
    }
  }

  /** Somebody who waits. */
  final class Wait implements AutoCloseable {
    private final String alias;
    private final CompletableFuture<Outcome> future;

    private Wait(String alias, CompletableFuture<Outcome> future) {
      this.alias = alias;
      this.future = future;
    }

    /** What the guest did, at the latest after some time. */
    Outcome outcome(long milliseconds) {
      try {
        return future.get(milliseconds, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        return Outcome.PENDING;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Outcome.PENDING;
      } catch (ExecutionException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() {
      waiting.remove(alias, future);
    }
  }
}

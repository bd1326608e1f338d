package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.wardian.daemon.typed.Refusal;
import org.wardian.daemon.typed.TypedParams;
import org.wardian.libvirt.constants.DomainJobOperation;
import org.wardian.libvirt.constants.DomainJobType;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.DomainGetJobInfoRet;
import org.wardian.libvirt.wire.remote.TypedParam;

/** A long job that writes a machine's memory to a file, with its progress. */
final class SaveJob {
  private static final long LOOK_MILLISECONDS = 50;

  private final Machine machine;
  private final DomainJobOperation operation;
  private final long began = System.nanoTime();
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private volatile Figures figures;

  /**
   * How far a job is.
   *
   * @param type running, completed, failed, ...
   * @param milliseconds since its begin
   * @param total bytes, as far as is known
   * @param processed bytes of them that are done
   * @param remaining bytes of them
   */
  record Figures(
      DomainJobType type,
      DomainJobOperation operation,
      long milliseconds,
      long total,
      long processed,
      long remaining)
      implements JobFigures {
    @Override
    public DomainGetJobInfoRet info() {
      return new DomainGetJobInfoRet(
          type.number(),
          milliseconds,
          0,
          total,
          processed,
          remaining,
          total,
          processed,
          remaining,
          0,
          0,
          0);
    }

    @Override
    public List<TypedParam> params() {
      return new TypedParams()
          .int32("operation", operation.number())
          .uint64("time_elapsed", milliseconds)
          .uint64("data_total", total)
          .uint64("data_processed", processed)
          .uint64("data_remaining", remaining)
          .uint64("memory_total", total)
          .uint64("memory_processed", processed)
          .uint64("memory_remaining", remaining)
          .list();
    }

    Figures as(DomainJobType other) {
      return new Figures(other, operation, milliseconds, total, processed, remaining);
    }
  }

  SaveJob(Machine machine, DomainJobOperation operation) {
    this.machine = machine;
    this.operation = operation;
    figures = new Figures(DomainJobType.UNBOUNDED, operation, 0, 0, 0, 0);
  }

  /** How far it is. */
  Figures figures() {
    Figures now = figures;
    return now.type() == DomainJobType.UNBOUNDED
        ? new Figures(
            now.type(), operation, elapsed(), now.total(), now.processed(), now.remaining())
        : now;
  }

  private long elapsed() {
    return (System.nanoTime() - began) / 1_000_000;
  }

  /** Ends it without a result. */
  void cancel() throws LibvirtException {
    cancelled.set(true);
    machine.execute("migrate_cancel");
  }

  /** Waits until the machine's memory is in the file. */
  void await() throws LibvirtException {
    while (true) {
      JsonNode status = machine.execute("query-migrate");
      JsonNode ram = status.path("ram");
      Figures now =
          new Figures(
              DomainJobType.UNBOUNDED,
              operation,
              elapsed(),
              ram.path("total").asLong(),
              ram.path("transferred").asLong(),
              ram.path("remaining").asLong());
      figures = now;
      switch (status.path("status").asText("none")) {
        case "completed" -> {
          figures = now.as(DomainJobType.COMPLETED);
          return;
        }
        case "failed" -> {
          figures = now.as(DomainJobType.FAILED);
          throw Refusal.failed(
              "save job: " + status.path("error-desc").asText("unexpectedly failed"));
        }
        case "cancelled" -> {
          figures = now.as(DomainJobType.CANCELLED);
          throw Refusal.qemu(ErrorNumber.OPERATION_ABORTED, "save job: canceled by client");
        }
        default -> pause();
      }
    }
  }

  private static void pause() throws LibvirtException {
    try {
      Thread.sleep(LOOK_MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.internal("interrupted while a domain was saved", e);
    }
  }
}

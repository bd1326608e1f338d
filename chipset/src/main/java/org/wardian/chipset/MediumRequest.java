package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import org.wardian.storage.BlockRequest;

/** A controller's request to a medium, which tells the controller when it has ended. */
final class MediumRequest extends BlockRequest {
  private final Dma.Transfer transfer;
  private final Consumer<Result> done;

  /**
   * A read or write.
   *
   * @param transfer guest memory that is given back at the end; null where there is none
   * @param done called once, by any thread
   */
  MediumRequest(
      Kind kind,
      long offset,
      long length,
      List<ByteBuffer> buffers,
      Dma.Transfer transfer,
      Consumer<Result> done) {
    super(kind, offset, length, buffers, true);
    this.transfer = transfer;
    this.done = done;
  }

  @Override
  public void completed(Result result) {
    if (transfer != null) {
      if (kind() == Kind.READ) {
        transfer.written();
      }
      transfer.close();
    }
    done.accept(result);
  }
}

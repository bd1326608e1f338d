package org.wardian.storage.device;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockImage;
import org.wardian.storage.BlockRequest;
import org.wardian.storage.BlockRequest.Kind;
import org.wardian.storage.BlockRequest.Result;
import org.wardian.storage.ImageNode;
import org.wardian.storage.NoSpaceException;
import org.wardian.storage.ReadOnlyImageException;

/**
 * A disk over an image: a bounded number of threads of its own carry requests out, as they are
 * needed. Which request starts first is not promised; a flush starts ahead of reads and writes that
 * wait for a limit, for it covers only what is complete.
 */
public final class ImageDevice implements BlockDevice {
  /** The longest read in bytes that is not worth a thread: it takes some ten microseconds. */
  private static final int LONGEST_NOW = 64 << 10;

  private final String name;
  private final DeviceOptions options;
  private final RequestQueue queue;
  private final RequestCounters counters = new RequestCounters();
  private final AtomicInteger workers = new AtomicInteger();
  private final Consumer<String> stopped;
  private volatile BlockImage image;

  /** Who sees changes; replaced as a whole while nothing is under way. */
  private volatile List<WriteObserver> observers = List.of();

  private volatile Runnable listener = () -> {};
  private volatile String lastError;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * A disk.
   *
   * @param name for its threads and messages
   * @param image taken over
   * @param stopped told with the cause when a policy wants the machine paused; called by a thread
   *     of the disk, which it must not wait for. The failed request is tried again after {@link
   *     #resume}
   */
  public ImageDevice(
      String name, BlockImage image, DeviceOptions options, Consumer<String> stopped) {
    this.name = name;
    this.image = image;
    this.options = options;
    this.stopped = stopped;
    queue =
        new RequestQueue(options.limits(), System::nanoTime, options.threads(), this::startWorker);
  }

  @Override
  public long length() {
    return image.length() / options.blockSize() * options.blockSize();
  }

  @Override
  public int blockSize() {
    return options.blockSize();
  }

  @Override
  public boolean readOnly() {
    return !image.writable();
  }

  @Override
  public boolean discards() {
    return options.discards() && image.writable();
  }

  /** The image, for operations on the whole; the disk must be paused for those that change it. */
  public BlockImage image() {
    return image instanceof ImageNode node ? node.image() : image;
  }

  /** What the disk reads and writes: an {@link ImageNode} where others may use it too. */
  public BlockImage source() {
    return image;
  }

  @Override
  public void submit(BlockRequest request) {
    Result refused = refuse(request);
    if (refused != null) {
      counters.failed(request);
      request.completed(refused);
      return;
    }
    if (!queue.add(new RequestQueue.Waiting(request, System.nanoTime()))) {
      request.completed(Result.IO_ERROR);
    }
  }

  @Override
  public boolean tryNow(BlockRequest request) {
    if (request.kind() != Kind.READ
        || request.length() > LONGEST_NOW
        || refuse(request) != null
        || !queue.begin()) {
      return false;
    }
    try {
      long since = System.nanoTime();
      boolean done = readNow(request);
      if (done) {
        counters.done(request, System.nanoTime() - since);
        request.completed(Result.OK);
      }
      return done;
    } finally {
      queue.done();
    }
  }

  private boolean readNow(BlockRequest request) {
    try {
      return image.readNow(request.offset(), request.memory());
    } catch (IOException | IndexOutOfBoundsException e) {
      // It fails the ordinary way too, and there the policies are.
      return false;
    }
  }

  private Result refuse(BlockRequest request) {
    Kind kind = request.kind();
    if (kind == Kind.FLUSH) {
      return null;
    }
    long offset = request.offset();
    long bytes = request.length();
    long length = length();
    boolean blocks = offset % options.blockSize() == 0 && bytes % options.blockSize() == 0;
    if (offset < 0 || bytes < 0 || offset > length || bytes > length - offset || !blocks) {
      return Result.OUT_OF_RANGE;
    }
    if (kind != Kind.READ && readOnly()) {
      return Result.READ_ONLY;
    }
    return kind == Kind.DISCARD && !options.discards() ? Result.UNSUPPORTED : null;
  }

  private void startWorker() {
    String thread = name + "-io-" + workers.getAndIncrement();
    Thread.ofPlatform().daemon().name(thread).start(this::work);
  }

  private void work() {
    while (true) {
      RequestQueue.Waiting next = queue.take();
      if (next == null) {
        return;
      }
      serve(next);
    }
  }

  private void serve(RequestQueue.Waiting waiting) {
    BlockRequest request = waiting.request();
    Result result;
    try {
      carryOut(request);
      counters.done(request, System.nanoTime() - waiting.since());
      result = Result.OK;
    } catch (IOException | RuntimeException e) {
      counters.failed(request);
      lastError = e.toString();
      result = resultOf(e);
      ErrorPolicy policy =
          request.kind() == Kind.READ ? options.readErrors() : options.writeErrors();
      boolean stop =
          policy == ErrorPolicy.STOP
              || policy == ErrorPolicy.STOP_ON_NO_SPACE && result == Result.NO_SPACE;
      if (stop) {
        queue.putBack(waiting);
        stopped.accept(e.getMessage());
        return;
      }
      result = policy == ErrorPolicy.IGNORE ? Result.OK : result;
    }
    try {
      request.completed(result);
    } finally {
      queue.done();
    }
  }

  private void carryOut(BlockRequest request) throws IOException {
    List<WriteObserver> told = observers;
    if (told.isEmpty() || request.kind() == Kind.READ || request.kind() == Kind.FLUSH) {
      toImage(request);
      return;
    }
    for (int i = 0; i < told.size(); i++) {
      told.get(i).before(request.offset(), request.length());
    }
    try {
      toImage(request);
    } finally {
      for (int i = 0; i < told.size(); i++) {
        told.get(i).after(request.offset(), request.length());
      }
    }
  }

  private void toImage(BlockRequest request) throws IOException {
    switch (request.kind()) {
      case READ -> image.read(request.offset(), request.memory());
      case WRITE -> image.write(request.offset(), request.memory());
      case FLUSH -> image.flush();
      case WRITE_ZEROES ->
          image.writeZeroes(request.offset(), request.length(), request.mayUnmap());
      case DISCARD -> image.discard(request.offset(), request.length());
    }
  }

  private static Result resultOf(Exception e) {
    return switch (e) {
      case NoSpaceException full -> Result.NO_SPACE;
      case ReadOnlyImageException readOnly -> Result.READ_ONLY;
      case IndexOutOfBoundsException out -> Result.OUT_OF_RANGE;
      default -> Result.IO_ERROR;
    };
  }

  /** The last failure in words, or null. */
  public String lastError() {
    return lastError;
  }

  /** What the disk has done so far. */
  public DeviceStatistics statistics() {
    return new DeviceStatistics(counters.totals(), queue.underWay(), queue.waiting());
  }

  /** Changes the limits from now on. */
  public void limit(DeviceLimits limits) {
    queue.limit(limits);
  }

  @Override
  public void onChange(Runnable told) {
    listener = told;
  }

  /**
   * Makes the disk longer or shorter while it is in use, and tells the controller.
   *
   * @param size bytes, a multiple of 512
   */
  public void resize(long size) throws IOException {
    drain();
    try {
      image.resize(size);
    } finally {
      endDrain();
    }
    listener.run();
  }

  /**
   * Puts another medium in: what is under way ends on the old one, which is closed.
   *
   * @param medium taken over
   */
  public void change(BlockImage medium) throws IOException {
    queue.pause();
    BlockImage old = image;
    image = medium;
    queue.resume();
    listener.run();
    old.close();
  }

  /**
   * Goes on with another image, whose content is what the guest shall see; the caller has {@link
   * #drain}ed the disk.
   *
   * @param other taken over
   * @return the image until now, which is the caller's
   */
  public BlockImage replace(BlockImage other) {
    BlockImage old = image;
    image = other;
    if (other.length() != old.length()) {
      listener.run();
    }
    return old;
  }

  /** Has changes seen, each that begins from now on. */
  public synchronized void observe(WriteObserver observer) {
    List<WriteObserver> more = new ArrayList<>(observers);
    more.add(observer);
    replaceObservers(more);
  }

  /** Has changes not seen any more; those that were seen before have ended. */
  public synchronized void unobserve(WriteObserver observer) {
    List<WriteObserver> fewer = new ArrayList<>(observers);
    fewer.remove(observer);
    replaceObservers(fewer);
  }

  private void replaceObservers(List<WriteObserver> others) {
    drain();
    observers = List.copyOf(others);
    endDrain();
  }

  /**
   * Returns when nothing is under way, and starts nothing new until {@link #endDrain}; each call
   * counts, whether the disk is paused or not.
   */
  public void drain() {
    queue.drain();
  }

  /** Ends one {@link #drain}. */
  public void endDrain() {
    queue.endDrain();
  }

  @Override
  public void pause() {
    queue.pause();
  }

  @Override
  public void resume() {
    queue.resume();
  }

  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    for (RequestQueue.Waiting left : queue.close()) {
      left.request().completed(Result.IO_ERROR);
    }
    try {
      image.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return name + " on " + image;
  }
}

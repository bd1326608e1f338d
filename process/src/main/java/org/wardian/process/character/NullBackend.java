package org.wardian.process.character;

/** Takes all and says nothing. */
public final class NullBackend extends CharacterBackend {
  /** For a device of that name. */
  public NullBackend(String id) {
    super(id);
  }

  @Override
  public String filename() {
    return "null";
  }

  @Override
  void deliver(byte[] bytes, int length) {}
}

package org.wardian.x86;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules that no table row states: prefixes, addressing modes, operand sizes, lengths. */
class DecoderTest {
  private final Decoder decoder = new Decoder(CpuModel.standard());
  private final Instruction instruction = new Instruction();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // The last segment override wins; in 64-bit mode only FS and GS count, even if one follows.
        "4 | 2e 26 8b 00             | mov eax,DWORD PTR es:[eax]",
        "8 | 64 2e 48 8b 01          | mov rax,QWORD PTR fs:[rcx]",
        "8 | 2e 48 8b 01             | mov rax,QWORD PTR [rcx]",
        "8 | 65 64 8b 01             | mov eax,DWORD PTR fs:[rcx]",
        // REX counts only right before the opcode.
        "8 | 48 66 31 c0             | xor ax,ax",
        "8 | 66 48 31 c0             | xor rax,rax",
        "8 | 41 48 89 c0             | mov rax,rax",
        // Low bytes with REX, high bytes without.
        "8 | 88 e0                   | mov al,ah",
        "8 | 40 88 e0                | mov al,spl",
        "4 | 88 fc                   | mov ah,bh",
        // The last of F2 and F3 chooses the form, before 66.
        "8 | 66 f3 0f 10 c1          | movss xmm0,xmm1",
        "8 | f3 f2 0f 10 c1          | movsd xmm0,xmm1",
        "8 | f2 f3 0f 10 c1          | movss xmm0,xmm1",
        "8 | 66 0f 10 c1             | movupd xmm0,xmm1",
        // 66 is an operand size where F2 or F3 is the mandatory prefix.
        "8 | 66 f2 0f 38 f1 c1       | crc32 eax,cx",
        "8 | 66 f2 48 0f 38 f1 c1    | crc32 rax,rcx",
        "8 | 66 f3 0f b8 c1          | popcnt ax,cx",
        // Near branches are 64 bits wide whatever 66 says; elsewhere 66 narrows them.
        "8 | 66 e8 00 00 00 00       | call 0x1006",
        "4 | 66 e9 00 00             | jmpw 0x1004",
        "8 | 66 c3                   | ret",
        // Pushes are 8 bytes wide, or 2.
        "8 | 50                      | push rax",
        "8 | 66 50                   | push ax",
        "8 | 48 50                   | push rax",
        "8 | 6a ff                   | push 0xffffffffffffffff",
        "8 | 66 68 34 12             | pushw 0x1234",
        // 90 is NOP, PAUSE or XCHG.
        "8 | 90                      | nop",
        "8 | 41 90                   | xchg r8d,eax",
        "8 | 49 90                   | xchg r8,rax",
        "8 | f3 90                   | pause",
        "8 | f3 41 90                | pause",
        "8 | f2 41 90                | xchg r8d,eax",
        "4 | 91                      | xchg ecx,eax",
        // MOV to and from control registers ignores mod and operand size.
        "8 | 0f 20 00                | mov rax,cr0",
        "8 | 44 0f 20 c0             | mov rax,cr8",
        "4 | 66 0f 22 d8             | mov cr3,eax",
        "2 | 0f 20 c0                | mov eax,cr0",
        "8 | 0f 23 f8                | mov dr7,rax",
        // Absolute offsets have the address size, immediates of MOV the operand size.
        "8 | a1 88 77 66 55 44 33 22 11 | movabs eax,DWORD PTR ds:0x1122334455667788",
        "8 | 67 a1 44 33 22 91       | movabs eax,DWORD PTR ds:0x91223344",
        "2 | a1 34 12                | mov ax,WORD PTR ds:0x1234",
        "8 | 48 b8 88 77 66 55 44 33 22 11 | movabs rax,0x1122334455667788",
        "8 | 48 c7 c0 ff ff ff ff    | mov rax,0xffffffffffffffff",
        "8 | 83 c0 ff                | add eax,0xffffffff",
        // Far pointers.
        "4 | 9a 78 56 34 12 10 00    | call 0x10:0x12345678",
        "2 | ea f0 ff 00 f0          | jmp 0xf000:0xfff0",
        "8 | ff 28                   | jmp FWORD PTR [rax]",
        "8 | 48 ff 28                | jmp TBYTE PTR [rax]",
        "8 | 66 ff 28                | jmp DWORD PTR [rax]",
        // 63 is two instructions.
        "8 | 48 63 c1                | movsxd rax,ecx",
        "4 | 63 c1                   | arpl cx,ax",
        // MOVQ and CMPXCHG16B by REX.W.
        "8 | 66 48 0f 6e c0          | movq xmm0,rax",
        "8 | 66 0f 6e c0             | movd xmm0,eax",
        "8 | 0f c7 08                | cmpxchg8b QWORD PTR [rax]",
        "8 | 48 0f c7 08             | cmpxchg16b XMMWORD PTR [rax]",
        // Repetition and LOCK.
        "8 | f3 48 a5                | rep movs QWORD PTR es:[rdi],QWORD PTR ds:[rsi]",
        "8 | f2 ae                   | repnz scas al,BYTE PTR es:[rdi]",
        "4 | 67 f3 26 a4             | rep movs BYTE PTR es:[di],BYTE PTR es:[si]",
        "8 | f0 48 0f b1 0a          | lock cmpxchg QWORD PTR [rdx],rcx",
        // Undocumented aliases.
        "4 | d6                      | salc",
        "8 | d0 f0                   | shl al,1",
        "8 | f6 c8 12                | test al,0x12",
        "8 | df c1                   | ffreep st(1)",
        "8 | d9 d9                   | fstpnce st(1)",
        "8 | f3 0f 1e fa             | nop edx",
      })
  void decodes(int codeSize, String code, String text) {
    assertThat(text(codeSize, code)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "4 | 00 | [eax] | DS",
        "4 | 05 00 00 00 80 | ds:0x80000000 | DS",
        "4 | 04 25 10 00 00 00 | ds:0x10 | DS",
        "4 | 04 6d 10 00 00 00 | [ebp*2+0x10] | DS",
        "4 | 45 00 | [ebp+0x0] | SS",
        "4 | 04 24 | [esp] | SS",
        "4 | 44 c4 ff | [esp+eax*8-0x1] | SS",
        "4 | 44 6d 04 | [ebp+ebp*2+0x4] | SS",
        "8 | 05 f0 ff ff ff | [rip-0x10] | NONE",
        "8 | 04 25 10 00 00 00 | ds:0x10 | NONE",
        "8 | 84 24 80 00 00 00 | [rsp+0x80] | NONE",
        "2 | 00 | [bx+si] | DS",
        "2 | 02 | [bp+si] | SS",
        "2 | 04 | [si] | DS",
        "2 | 06 34 12 | ds:0x1234 | DS",
        "2 | 46 fe | [bp-0x2] | SS",
        "2 | 87 00 80 | [bx-0x8000] | DS",
      })
  void addresses(int codeSize, String modrm, String address, String segment) {
    String expected = "mov al,BYTE PTR " + address;
    assertThat(text(codeSize, "8a " + modrm)).isEqualTo(expected);
    int number =
        switch (segment) {
          case "SS" -> StateLayout.SS;
          case "DS" -> StateLayout.DS;
          default -> StateLayout.NO_SEGMENT;
        };
    assertThat(instruction.segment).isEqualTo(number);
    assertThat(instruction.segmentOverride).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // LOCK needs a lockable form with a memory destination.
        "8 | f0 01 c0",
        "8 | f0 03 00",
        "8 | f0 39 00",
        "8 | f0 90",
        "8 | f0 0f 1f 00",
        // Not in 64-bit mode, and only there.
        "8 | 06",
        "8 | 60",
        "8 | ea 00 00 00 00 00 00",
        "8 | 82 c0 01",
        "8 | d6",
        "8 | c5 f8 77",
        "8 | c4 e2 79 18 00",
        "8 | 62 f1 7c 48 10 06",
        "4 | 0f 05",
        "4 | 0f 01 f8",
        "4 | c5 f8 77",
        "4 | 62 c0",
        // Registers that do not exist.
        "8 | 0f 20 c8",
        "8 | 0f 20 e8",
        "8 | 44 0f 20 c8",
        "8 | 44 0f 21 c0",
        "8 | 8e c8",
        "8 | 8e f0",
        "8 | 8c f8",
        // Memory where a register must be, and the other way round.
        "8 | 8d c0",
        "8 | 0f 01 d8",
        "8 | 0f c7 c8",
        "8 | 0f 50 00",
        "8 | 0f 71 10 01",
        // Undefined opcodes and group members.
        "8 | 0f 04",
        "8 | 0f 0a",
        "8 | 0f 24 c0",
        "8 | ff f8",
        "8 | fe d0",
        "8 | 8f c8",
        "8 | c6 f8 00",
        "8 | d9 d1",
        "8 | db e5",
        "8 | de d8",
        // A mandatory prefix that no row has.
        "8 | f3 0f 6e c0",
        "8 | f2 0f 28 c0",
        "8 | 0f b8 c0",
        "8 | 66 0f ae 00",
        "8 | f3 0f c7 f0",
        // Features that the model does not have.
        "8 | f3 0f c7 f8",
        "8 | 0f 38 f0 00",
        "8 | 0f 01 c8",
        "8 | 0f ae 30",
      })
  void rejects(int codeSize, String code) {
    assertThat(decode(codeSize, code)).as(code).isEqualTo(Decoder.INVALID);
  }

  @Test
  void ignoresRepetitionInFrontOfBitScans() {
    assertThat(text(8, "f3 0f bc c1")).isEqualTo("bsf eax,ecx");
    assertThat(text(8, "f3 0f bd c1")).isEqualTo("bsr eax,ecx");
    assertThat(instruction.rep).isTrue();
  }

  @Test
  void consumesMandatoryPrefixes() {
    decode(8, "f3 0f 10 c1");
    assertThat(instruction.rep).isFalse();
    decode(8, "66 0f 6f c1");
    assertThat(instruction.operandSize).isEqualTo(4);
  }

  @Test
  void fifteenBytesAreTheLimit() {
    String prefixes = "66 ".repeat(9);
    assertThat(decode(8, prefixes + "c7 00 34 12")).isEqualTo(Decoder.OK);
    assertThat(decode(8, "66 ".repeat(14) + "90")).isEqualTo(Decoder.OK);
    assertThat(instruction.length).isEqualTo(15);
    assertThat(decode(8, "66 ".repeat(15) + "90")).isEqualTo(Decoder.TOO_LONG);
    assertThat(decode(8, "66 ".repeat(12) + "c7 00 34 12 00")).isEqualTo(Decoder.TOO_LONG);
    assertThat(decode(8, "66 ".repeat(14))).isEqualTo(Decoder.TRUNCATED);
    assertThat(decode(8, "")).isEqualTo(Decoder.TRUNCATED);
  }

  @Test
  void implicitOperandsAreReported() {
    decode(8, "d3 e0");
    assertThat(instruction.kind1).isEqualTo(Instruction.REGISTER);
    assertThat(instruction.reg1).isEqualTo(1);
    assertThat(instruction.size1).isEqualTo(1);
    decode(8, "66 0f 38 10 c1");
    assertThat(instruction.kind2).isEqualTo(Instruction.XMM);
    assertThat(instruction.reg2).isZero();
    decode(4, "c8 34 12 05");
    assertThat(instruction.immediate).isEqualTo(0x1234);
    assertThat(instruction.kind1).isEqualTo(Instruction.IMMEDIATE2);
    assertThat(instruction.immediate2).isEqualTo(5);
  }

  @Test
  void operandWidths() {
    decode(8, "db 28");
    assertThat(instruction.size0).isEqualTo(10);
    decode(8, "0f 01 10");
    assertThat(instruction.size0).isEqualTo(10);
    decode(4, "0f 01 10");
    assertThat(instruction.size0).isEqualTo(6);
    decode(4, "66 d9 20");
    assertThat(instruction.size0).isEqualTo(14);
    decode(4, "dd 30");
    assertThat(instruction.size0).isEqualTo(108);
    decode(4, "62 00");
    assertThat(instruction.size1).isEqualTo(8);
    decode(8, "f3 0f 10 00");
    assertThat(instruction.size0).isEqualTo(16);
    assertThat(instruction.size1).isEqualTo(4);
    decode(8, "8d 00");
    assertThat(instruction.size1).isZero();
  }

  @Test
  void modelsDecideWhatExists() {
    Decoder baseline = new Decoder(CpuModel.named("x86-64-v1"));
    for (String code :
        new String[] {"f3 0f b8 c1", "66 0f 38 00 c1", "f2 0f 7c c1", "48 0f c7 08"}) {
      byte[] bytes = bytes(code);
      assertThat(decode(8, code)).isEqualTo(Decoder.OK);
      assertThat(baseline.decode(bytes, 0, bytes.length, 8, instruction))
          .as(code)
          .isEqualTo(Decoder.INVALID);
    }
  }

  private String text(int codeSize, String code) {
    assertThat(decode(codeSize, code)).as(code).isEqualTo(Decoder.OK);
    assertThat(instruction.length).as(code).isEqualTo(bytes(code).length);
    return Disassembler.text(instruction, 0x1000);
  }

  private int decode(int codeSize, String code) {
    byte[] bytes = bytes(code);
    return decoder.decode(bytes, 0, bytes.length, codeSize, instruction);
  }

  private static byte[] bytes(String code) {
    return HexFormat.of().parseHex(code.replace(" ", ""));
  }
}

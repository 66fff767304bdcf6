;; SPDX-License-Identifier: MIT OR Apache-2.0
;; A kernel of a few lines, for tests of the runner alone. A test replaces the functions that it is
;; about (see support/mod.rs); the rest is here.
;;
;; Memory, above the null page: 0x1100 handle of the boot task, 0x1104 of the user task, 0x1108
;; irq_pending, 0x110c errno-like result, 0x1200 user_entry, 0x1280 scratch, 0x1400 program_info, 0x1800 boot_info, 0x4000 buffer,
;; 0x10000 the user program.
(module
  (@custom "ochre.abi" "\04\00\00\00")
  (import "env" "memory" (memory 40 65536 shared))
  (import "host" "host_boot_info" (func $boot_info (param i32)))
  (import "host" "host_console_write" (func $console_write (param i32 i32) (result i32)))
  (import "host" "host_machine_stop" (func $machine_stop (param i32 i32)))
  (import "host" "host_stack_trace" (func $stack_trace (param i32 i32 i32) (result i32)))
  (import "host" "host_fault_report" (func $fault_report (param i32 i32) (result i32)))
  (import "host" "host_irq_setup" (func $irq_setup (param i32 i32 i32)))
  (import "host" "host_vcpu_idle" (func $vcpu_idle))
  (import "host" "host_clock_monotonic" (func $clock (result i64)))
  (import "host" "host_timer_set" (func $timer_set (param i64)))
  (import "host" "host_task_adopt" (func $task_adopt (param i32) (result i32)))
  (import "host" "host_task_create" (func $task_create (param i32 i32) (result i32)))
  (import "host" "host_task_switch" (func $task_switch (param i32)))
  (import "host" "host_task_exit" (func $task_exit (param i32)))
  (import "host" "host_task_exec" (func $task_exec (param i32 i32)))
  (import "host" "host_task_set_memory" (func $task_set_memory (param i32 i32)))
  (import "host" "host_memory_create" (func $memory_create (param i32) (result i32)))
  (import "host" "host_memory_destroy" (func $memory_destroy (param i32)))
  (import "host" "host_memory_grow" (func $memory_grow (param i32 i32) (result i32)))
  (import "host" "host_memory_discard" (func $memory_discard (param i32 i32 i32) (result i32)))
  (import "host" "host_memory_read" (func $memory_read (param i32 i32 i32 i32) (result i32)))
  (import "host" "host_memory_write" (func $memory_write (param i32 i32 i32 i32) (result i32)))
  (import "host" "host_memory_clear" (func $memory_clear (param i32 i32 i32) (result i32)))
  (import "host" "host_memory_read_string"
    (func $memory_read_string (param i32 i32 i32 i32) (result i32)))
  (import "host" "host_memory_string_len" (func $memory_string_len (param i32 i32 i32) (result i32)))
  (import "host" "host_memory_load" (func $memory_load (param i32 i32 i32) (result i32)))
  (import "host" "host_memory_cmpxchg"
    (func $memory_cmpxchg (param i32 i32 i32 i32 i32) (result i32)))
  (import "host" "host_program_create" (func $program_create (param i32) (result i32)))
  (import "host" "host_program_write" (func $program_write (param i32 i32 i32) (result i32)))
  (import "host" "host_program_load" (func $program_load (param i32) (result i32)))
  (import "host" "host_program_info" (func $program_info (param i32 i32) (result i32)))
  (import "host" "host_stream_read" (func $stream_read (param i32 i32 i32) (result i32)))
  (import "host" "host_stream_write" (func $stream_write (param i32 i32 i32) (result i32)))

  (data (i32.const 0x10000) "@PROGRAM@")

  (func $print (param $text i32) (param $len i32)
    (drop (call $console_write (local.get $text) (local.get $len))))
  (func $putc (param $char i32)
    (i32.store8 (i32.const 0x1280) (local.get $char))
    (call $print (i32.const 0x1280) (i32.const 1)))
  (func $puthex (param $value i32)
    (local $shift i32) (local $digit i32)
    (local.set $shift (i32.const 28))
    (loop $next
      (local.set $digit
        (i32.and (i32.shr_u (local.get $value) (local.get $shift)) (i32.const 15)))
      (call $putc (i32.add (local.get $digit)
        (select (i32.const 48) (i32.const 87) (i32.lt_u (local.get $digit) (i32.const 10)))))
      (br_if $next (i32.ge_s
        (local.tee $shift (i32.sub (local.get $shift) (i32.const 4))) (i32.const 0))))
    (call $putc (i32.const 10)))
  (func $poweroff (call $machine_stop (i32.const 0) (i32.const 0)) (unreachable))

  ;; Waits for an interrupt and takes it.
  (func $wait_irq (result i32)
    (call $vcpu_idle)
    (i32.atomic.rmw.xchg (i32.const 0x1108) (i32.const 0)))

  ;; Loads the user program; prints why when it is refused.
  (func $load_program (result i32)
    (local $program i32) (local $result i32)
    (local.set $program (call $program_create (i32.const @PROGRAM_BYTES@)))
    (drop (call $program_write (local.get $program) (i32.const 0x10000)
      (i32.const @PROGRAM_BYTES@)))
    (drop (call $program_load (local.get $program)))
    (loop $again
      (local.set $result (call $program_info (local.get $program) (i32.const 0x1400)))
      (if (i32.eq (local.get $result) (i32.const -115))
        (then (drop (call $wait_irq)) (br $again))))
    (if (i32.ne (local.get $result) (i32.const 0))
      (then
        (call $print (i32.const 0x1410) (i32.const 240))
        (call $poweroff)))
    (local.get $program))

  ;; Makes a process of the user program, whose stack pointer starts at its stack top.
  (func $start_process
    (local $memory i32)
    (i32.store (i32.const 0x1204) (call $load_program))
    (local.set $memory (call $memory_create (i32.load (i32.const 0x1400))))
    (i32.store (i32.const 0x1200) (i32.const 0))
    (i32.store (i32.const 0x1208) (local.get $memory))
    (i32.store (i32.const 0x120c) (i32.load (i32.const 0x1404)))
    (i32.store (i32.const 0x1104) (call $task_create (i32.const 1) (i32.const 0)))
    (call $task_set_memory (i32.load (i32.const 0x1104)) (local.get $memory))
    (call $task_switch (i32.load (i32.const 0x1104))))
  (func $memory (result i32) (i32.load (i32.const 0x1208)))

  ;; System calls of the test programs: 64 prints, 93 powers off, 1 prints a number.
  (func $syscall_default (param $nr i32) (param $a0 i32) (param $a1 i32) (result i64)
    (if (i32.eq (local.get $nr) (i32.const 64))
      (then
        (drop (call $memory_read (call $memory) (i32.const 0x4000) (local.get $a0) (local.get $a1)))
        (call $print (i32.const 0x4000) (local.get $a1))))
    (if (i32.eq (local.get $nr) (i32.const 1))
      (then (call $puthex (local.get $a0))))
    (if (i32.eq (local.get $nr) (i32.const 93))
      (then (call $poweroff)))
    (i64.extend_i32_u (local.get $a0)))

  (func (export "kernel_boot")
    (i32.store (i32.const 0x1100) (call $task_adopt (i32.const 0)))
    (call $irq_setup (i32.const 0x1108) (i32.const 4) (i32.const 1))
    (call $boot)
    (call $poweroff))
  (func $boot
    @BOOT@)
  (func (export "kernel_vcpu_start") (param i32 i32) (unreachable))
  (func $task_start (export "kernel_task_start") (param $task i32) (param $top i32) (result i32)
    @TASK_START@
    (i32.const 0x1200))
  (func (export "kernel_task_resume") (param $task i32) (param $top i32) (result i32)
    @TASK_RESUME@
    (i32.const 0x1200))
  (func (export "kernel_syscall")
    (param $nr i32) (param $a0 i32) (param $a1 i32) (param $a2 i32) (param $a3 i32) (param $a4 i32)
    (param $a5 i32) (param $sp i32) (result i64)
    @SYSCALL@
    (call $syscall_default (local.get $nr) (local.get $a0) (local.get $a1)))
  (func (export "kernel_preempt") (param $sp i32) (result i64)
    @PREEMPT@
    (i64.const 0))
  (func (export "kernel_signal_return") (param $frame i32) (result i64)
    @SIGNAL_RETURN@
    (i64.const 0))
  (func (export "kernel_user_fault")
    (param $kind i32) (param $address i32) (param $sp i32) (result i64)
    @USER_FAULT@
    (call $puthex (local.get $kind))
    (call $puthex (local.get $address))
    (call $print (i32.const 0x4000) (call $fault_report (i32.const 0x4000) (i32.const 4096)))
    (call $poweroff)
    (i64.const 0))
  (func (export "kernel_oops") (param $kind i32) (param $address i32)
    @OOPS@)
)

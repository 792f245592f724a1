/*
 * page_files.S - page.css and page.js, as they stand, in the kit's program.
 *
 * The assembler copies them (.incbin), so there is no tool to run and no copy to keep. The paths are
 * those from the root of the source tree, where make runs.
 */
    .section .rodata
    .global page_style
page_style:
    .incbin "autograder/tell/page.css"
    .byte 0
    .global page_script
page_script:
    .incbin "autograder/tell/page.js"
    .byte 0
    .section .note.GNU-stack, "", %progbits

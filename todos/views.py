"""The pages of the list. Each change is a plain form's POST, answered by a redirect back to the list."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from todos.forms import NewTodoForm, TodoForm
from todos.models import Todo


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The list; a POST adds to it."""
    form = NewTodoForm(request.POST or None)
    if form.is_valid():
        form.save_for(request.user)
        return redirect("todos:index")
    todos = Todo.objects.visible_to(request.user).for_list()
    return render(
        request,
        "todos/index.html",
        {"form": form, "todos": todos, "left": sum(not todo.is_completed for todo in todos)},
        status=422 if form.errors else 200,
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, todo_id: int) -> HttpResponse:
    todo = get_object_or_404(Todo.objects.visible_to(request.user), pk=todo_id)
    form = TodoForm(request.POST or None, instance=todo)
    if form.is_valid():
        form.save()
        return redirect("todos:index")
    return render(request, "todos/edit.html", {"form": form, "todo": todo}, status=422 if form.errors else 200)


@require_POST
def toggle(request: HttpRequest, todo_id: int) -> HttpResponse:
    """Complete it, or take that back."""
    if not Todo.objects.visible_to(request.user).toggle(todo_id):
        raise Http404
    return redirect("todos:index")


@require_POST
def delete(request: HttpRequest, todo_id: int) -> HttpResponse:
    todo = get_object_or_404(Todo.objects.visible_to(request.user), pk=todo_id)
    Todo.objects.filter(pk=todo.pk).trash()
    messages.success(request, f"Deleted “{todo.title}”.")
    return redirect("todos:index")
